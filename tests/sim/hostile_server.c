/*
 * A hostile server: a real hub whose frames are changed on their way, or that is led to another past.
 * One plot a story. What honest homes make of it is judged in check.c: they are equal in the end, or
 * have named it.
 */
#include "hostile_server.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const names[PLOT_KINDS] = {
    "fork",       "restored backup", "dropped entry", "replayed entry", "swapped entries",
    "false time", "withheld bodies", "foreign chart", "forged entry",
};
static uint64_t tried[PLOT_KINDS], bitten[PLOT_KINDS];

const char *server_plot_name(const struct world *world)
{
    return world->server_plot ? names[world->server_plot->kind] : "honest";
}

void server_plots_report(void)
{
    for (size_t i = 0; i < PLOT_KINDS; i++)
        fprintf(stderr, "  server: %-18s %5llu plots, %5llu bit\n", names[i],
                (unsigned long long)tried[i], (unsigned long long)bitten[i]);
}

/* -- copies of the store ------------------------------------------------------------------------ */

static void remove_store(const char *path)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    char file[300];
    for (size_t i = 0; i < 3; i++) {
        snprintf(file, sizeof file, "%s%s", path, ends[i]);
        unlink(file);
    }
}

static bool copy_store(const char *from, const char *to)
{
    sqlite3 *db = NULL;
    char *sql = sqlite3_mprintf("VACUUM INTO %Q", to);
    remove_store(to);
    bool ok = sql && sqlite3_open(from, &db) == SQLITE_OK &&
              sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
    sqlite3_free(sql);
    sqlite3_close(db);
    return ok;
}

static struct node *victim_of(struct world *world)
{
    return &world->nodes[world->server_plot->victim];
}

/* Leads a home's next connections to this server. */
static void lead(struct node *node, uint8_t server)
{
    if (node->server == server)
        return;
    node->server = server;
    node_cut(node);
}

/* -- beginning ---------------------------------------------------------------------------------- */

static bool is_suitable(const struct world *world, const struct node *node)
{
    const struct galen_log *log =
        node->engine ? galen_engine_log(node->engine, &world->chart) : NULL;
    return log && !node->removed && !node->hostile &&
           galen_rules_member(galen_log_rules(log), &node->device) != NULL;
}

static void begin_fork(struct world *world)
{
    struct server *other = &world->servers[1];
    if (world->servers[0].batch || !world->servers[0].hub ||
        !copy_store(world->servers[0].path, other->path))
        return;
    server_start(other);
    for (size_t i = 0; i < world->node_count; i++)
        if (chance_in(&world->chance, 500))
            lead(&world->nodes[i], 1);
    world->server_plot->on = world->server_plot->bit = true;
}

static void begin_restore(struct world *world)
{
    world->server_plot->on = !world->servers[0].batch && world->servers[0].hub &&
                             copy_store(world->servers[0].path, world->servers[1].path);
}

static void begin_on_victim(struct world *world)
{
    struct server_plot *plot = world->server_plot;
    struct node *victim = victim_of(world);
    if (!is_suitable(world, victim)) {
        plot->victim = (plot->victim + 1) % world->node_count;
        return;
    }
    plot->at = galen_log_size(galen_engine_log(victim->engine, &world->chart)) +
               chance_below(&world->chance, 4);
    plot->on = true;
}

void server_plot_begin(struct world *world)
{
    struct server_plot *plot = calloc(1, sizeof *plot);
    if (!plot)
        abort();
    plot->kind = (uint8_t)chance_below(&world->chance, PLOT_KINDS);
    plot->victim = (size_t)chance_below(&world->chance, world->node_count);
    plot->hush = chance_in(&world->chance, 600);
    plot->confront = chance_in(&world->chance, 600);
    chance_fill(&world->chance, plot->foreign.bytes, sizeof plot->foreign.bytes);
    galen_writer_init(&plot->held);
    galen_writer_init(&plot->forged);
    world->server_plot = plot;
    tried[plot->kind]++;
    world_say(world, "the server plots: %s", names[plot->kind]);
}

void server_plot_free(struct world *world)
{
    struct server_plot *plot = world->server_plot;
    if (!plot)
        return;
    galen_writer_wipe(&plot->held);
    galen_writer_wipe(&plot->forged);
    free(plot);
    world->server_plot = NULL;
}

/* -- steps -------------------------------------------------------------------------------------- */

static void step_fork(struct world *world)
{
    if (!chance_in(&world->chance, 60)) /* somebody wanders between the two */
        return;
    struct node *node = &world->nodes[chance_below(&world->chance, world->node_count)];
    lead(node, node->server == 0 ? 1 : 0);
}

static void step_restore(struct world *world)
{
    struct server_plot *plot = world->server_plot;
    struct server *server = &world->servers[0];
    if (plot->bit || plot->steps < 6 || !server->hub)
        return;
    server_crash(server);
    remove_store(server->path);
    if (rename(world->servers[1].path, server->path) != 0)
        world_fail(world, "the backup cannot be restored");
    plot->bit = true;
    world_say(world, "a backup is restored");
}

static void announce_foreign(struct world *world)
{
    struct server_plot *plot = world->server_plot;
    struct link *link = node_line(victim_of(world), GALEN_CONNECTION_LOG);
    if (!link || plot->announced)
        return;
    struct galen_frame frame = {.type = GALEN_FRAME_CHART_ADDED,
                                .as.chart_added.chart = plot->foreign};
    struct galen_writer w;
    galen_writer_init(&w);
    galen_frame_write(&w, &frame);
    world_tell(world, link, galen_written(&w));
    galen_writer_wipe(&w);
    plot->announced = true;
}

/* Slips an entry in behind the last one that the victim has, when nothing is on its way to it. */
static void slip_in(struct world *world, struct node *member)
{
    struct server_plot *plot = world->server_plot;
    struct node *victim = victim_of(world);
    struct link *link = node_line(victim, GALEN_CONNECTION_LOG);
    galen_writer_clear(&plot->forged);
    if (!member_plot_forge(world, member, &plot->forged, &plot->why))
        return;
    struct galen_frame frame = {.type = GALEN_FRAME_ENTRIES};
    struct galen_writer w;
    galen_writer_init(&w);
    frame.as.entries.chart = world->chart;
    plot->at = frame.as.entries.first =
        galen_log_size(galen_engine_log(victim->engine, &world->chart));
    frame.as.entries.size = plot->at + 1;
    frame.as.entries.records = galen_written(&plot->forged);
    galen_frame_write(&w, &frame);
    world_tell(world, link, galen_written(&w));
    galen_writer_wipe(&w);
    plot->shift = 1;
    plot->bit = plot->ever = true;
    member->hostile = true; /* whose keys these are is no honest member */
    world_say(world, "with %s's keys, for %s: %s", member->name, victim->name,
              galen_err_name(plot->why));
}

static bool has_all(const struct world *world, const struct node *node)
{
    uint64_t size = 0;
    return world->servers[0].store && !world->servers[0].batch && node->engine &&
           galen_engine_current(node->engine, &world->chart) &&
           store_chart_size(world->servers[0].store, &world->chart, &size) == GALEN_OK &&
           galen_log_size(galen_engine_log(node->engine, &world->chart)) == size;
}

static void step_forge(struct world *world)
{
    struct node *victim = victim_of(world);
    size_t from = (size_t)chance_below(&world->chance, world->node_count);
    for (size_t i = 0; i < world->node_count && !world->server_plot->ever; i++) {
        struct node *member = &world->nodes[(from + i) % world->node_count];
        if (member != victim && is_suitable(world, member) && has_all(world, member) &&
            has_all(world, victim) && node_line(victim, GALEN_CONNECTION_LOG))
            slip_in(world, member);
    }
}

void server_plot_step(struct world *world)
{
    struct server_plot *plot = world->server_plot;
    if (!plot || plot->over)
        return;
    if (!plot->on) {
        if (plot->kind == PLOT_FORK)
            begin_fork(world);
        else if (plot->kind == PLOT_RESTORE)
            begin_restore(world);
        else
            begin_on_victim(world);
        return;
    }
    plot->steps++;
    if (plot->kind == PLOT_FORK)
        step_fork(world);
    else if (plot->kind == PLOT_RESTORE)
        step_restore(world);
    else if (plot->kind == PLOT_FOREIGN)
        announce_foreign(world);
    else if (plot->kind == PLOT_FORGE)
        step_forge(world);
}

/* -- the end ------------------------------------------------------------------------------------ */

/* Shows a home what another has verified: two sides of a fork meet. */
static void show_head(struct world *world, struct node *of, struct node *to)
{
    struct link *link = node_line(to, GALEN_CONNECTION_LOG);
    const struct galen_log *log = of->engine ? galen_engine_log(of->engine, &world->chart) : NULL;
    if (!link || !log || galen_log_size(log) == 0 || !to->engine ||
        !galen_engine_online(to->engine, GALEN_CONNECTION_LOG))
        return;
    struct galen_head head;
    struct galen_frame frame = {.type = GALEN_FRAME_HEADS, .as.heads.chart = world->chart};
    struct galen_writer w, heads;
    galen_writer_init(&w);
    galen_writer_init(&heads);
    galen_log_sign_head(log, world->now_ms, &head);
    galen_head_write(&heads, &head);
    frame.as.heads.heads = galen_written(&heads);
    galen_frame_write(&w, &frame);
    world_tell(world, link, galen_written(&w));
    galen_writer_wipe(&w);
    galen_writer_wipe(&heads);
}

static void confront(struct world *world)
{
    for (size_t i = 0; i < world->node_count; i++)
        for (size_t k = 0; k < world->node_count; k++)
            if (world->nodes[i].server == 1 && world->nodes[k].server == 0)
                show_head(world, &world->nodes[i], &world->nodes[k]);
    world_run(world, 5000, NULL);
}

void server_plot_end(struct world *world)
{
    struct server_plot *plot = world->server_plot;
    if (!plot || plot->over)
        return;
    if (plot->kind == PLOT_FORK && plot->on && plot->confront)
        confront(world);
    plot->over = true;
    plot->ever = plot->ever || plot->bit;
    if (plot->ever)
        bitten[plot->kind]++;
    for (size_t i = 0; i < world->node_count; i++) {
        world->nodes[i].server = 0;
        node_cut(&world->nodes[i]);
    }
    if (plot->kind == PLOT_FORK && plot->on) {
        server_crash(&world->servers[1]);
        world->servers[1].used = false;
    }
    world_say(world, "the server is honest again");
}

/* -- what it must have led to ------------------------------------------------------------------- */

bool server_plot_may_stop(const struct world *world, const struct node *node,
                          const struct galen_id *chart)
{
    const struct server_plot *plot = world->server_plot;
    if (!plot || !plot->ever)
        return false;
    switch ((enum plot_kind)plot->kind) {
    case PLOT_FORK:
    case PLOT_RESTORE:
        return true;
    case PLOT_DROP:
    case PLOT_REPLAY:
    case PLOT_SWAP:
    case PLOT_TIME:
    case PLOT_FORGE:
        return node->number == plot->victim && galen_id_equal(chart, &world->chart);
    case PLOT_FOREIGN:
        return node->number == plot->victim && galen_id_equal(chart, &plot->foreign);
    case PLOT_WITHHOLD:
    case PLOT_KINDS:
        break;
    }
    return false;
}

static void check_forged(struct world *world)
{
    struct server_plot *plot = world->server_plot;
    struct node *victim = victim_of(world);
    const struct galen_log *log =
        node_fetch(victim, &world->chart) ? galen_engine_log(victim->engine, &world->chart) : NULL;
    struct galen_entry forged, entry;
    if (!log || victim->removed || !plot_read_record(&plot->forged, &forged))
        return;
    for (uint64_t i = 0; i < galen_log_size(log); i++) {
        struct galen_bytes record, plain;
        struct galen_reader r;
        if (!galen_engine_entry(victim->engine, &world->chart, i, &record, &plain))
            continue;
        galen_reader_init(&r, record);
        if (galen_entry_read(&r, &entry) != GALEN_OK ||
            !galen_bytes_equal(entry.signed_header, forged.signed_header))
            continue;
        const struct galen_read *read = galen_log_read(log, i);
        if (read->state != GALEN_READ_VOID || read->why != plot->why)
            world_fail(world, "%s says %s of a forged entry, and it is %s", victim->name,
                       galen_err_name(read->why), galen_err_name(plot->why));
    }
}

void server_plot_check(struct world *world)
{
    struct server_plot *plot = world->server_plot;
    if (!plot || !plot->ever)
        return;
    const struct node *victim = victim_of(world);
    if (plot->kind == PLOT_FORGE)
        check_forged(world);
    if (plot->kind != PLOT_FOREIGN || !victim->engine)
        return;
    const struct galen_log *log = galen_engine_log(victim->engine, &plot->foreign);
    if (log && galen_log_size(log) > 0)
        world_fail(world, "%s took entries of another chart for one that does not exist",
                   victim->name);
}
