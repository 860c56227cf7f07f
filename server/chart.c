/* Charts in memory: loaded when somebody needs one, forgotten when nobody does. */
#include "hub_state.h"

#include <stdlib.h>
#include <string.h>

/*
 * What the store holds was judged when it came, and every reader judges it again; the server does not
 * spend a tenth of a millisecond an entry on its own disk.
 */
static bool trust_store(const uint8_t key[GALEN_SIGN_KEY_BYTES], struct galen_bytes message,
                        const uint8_t signature[GALEN_SIGNATURE_BYTES])
{
    (void)key;
    (void)message;
    (void)signature;
    return true;
}

#define HOUR_MS (60u * 60 * 1000)
#define KIB     1024u

static struct hub_account *account_of(struct hub_chart *chart, const struct galen_id *id)
{
    for (size_t i = 0; i < chart->account_count; i++) {
        if (galen_id_equal(&chart->accounts[i].id, id))
            return &chart->accounts[i];
    }
    struct hub_account *grown =
        realloc(chart->accounts, (chart->account_count + 1) * sizeof *chart->accounts);
    if (!grown)
        return NULL;
    chart->accounts = grown;
    grown[chart->account_count] = (struct hub_account){.id = *id};
    return &grown[chart->account_count++];
}

bool hub_chart_charge(struct hub *hub, struct hub_chart *chart, const struct galen_id *account,
                      const struct galen_header *header, uint64_t at_ms)
{
    const struct hub_limits *limits = &hub->config.limits;
    struct bucket_rate epochs = {limits->epochs_per_hour, HOUR_MS, limits->epochs_per_hour};
    struct bucket_rate kib = {limits->kib_per_hour, HOUR_MS, limits->kib_per_hour};
    struct hub_account *of = account_of(chart, account);
    if (!of || (header->class == GALEN_CLASS_EPOCH && !bucket_take(&of->epochs, epochs, at_ms)))
        return false;
    return bucket_take_many(&of->kib, kib, header->body_size / KIB + 1, at_ms);
}

/* -- loading ------------------------------------------------------------------------------------ */

struct load {
    struct hub *hub;
    struct hub_chart *chart;
    enum galen_err err;
};

static void keep_head(void *context, const struct galen_head *head)
{
    struct load *load = context;
    struct hub_kept_head *kept;
    if (!hub_heads_keep(load->chart, head, &kept))
        load->err = GALEN_ERR_MEMORY;
}

static bool replay(void *context, uint64_t index, const struct galen_entry *entry)
{
    struct load *load = context;
    struct hub_chart *chart = load->chart;
    load->err = GALEN_ERR_STORE;
    if (index == chart->durable)
        load->err = galen_rules_apply(chart->rules, entry, GALEN_OK);
    if (load->err != GALEN_OK)
        return false;
    chart->durable++;
    /* What was written lately survives a restart, so that it limits nothing less. */
    const struct galen_member *author =
        galen_rules_ever_member(chart->rules, &entry->header.author);
    if (author && load->hub->now_ms - entry->received_ms < HOUR_MS)
        (void)!hub_chart_charge(load->hub, chart, &author->account, &entry->header,
                                entry->received_ms); /* it was accepted then, whatever holds now */
    return true;
}

static enum galen_err load_entries(struct hub *hub, struct hub_chart *chart)
{
    struct load load = {hub, chart, GALEN_OK};
    chart->durable = 0;
    chart->account_count = 0;
    chart->primitives.ed25519_verify = trust_store;
    enum galen_err err = store_read_clear(hub->config.store, &chart->node.id, replay, &load);
    chart->primitives.ed25519_verify = hub->config.primitives->ed25519_verify;
    return err != GALEN_OK ? err : load.err;
}

struct hub_chart *hub_chart_new(struct hub *hub, const struct galen_id *id)
{
    struct hub_chart *chart = calloc(1, sizeof *chart);
    if (!chart)
        return NULL;
    chart->node.id = *id;
    chart->used_ms = hub->now_ms;
    chart->primitives = *hub->config.primitives;
    chart->rules = galen_rules_new(&chart->primitives, &hub->practice);
    if (!chart->rules) {
        free(chart);
        return NULL;
    }
    return chart;
}

void hub_chart_free(struct hub *hub, struct hub_chart *chart)
{
    while (chart->ties)
        hub_chart_untie(chart->ties);
    for (size_t i = 0; i < chart->head_count; i++)
        hub->unsaved_heads -= chart->heads[i].unsaved;
    galen_rules_free(chart->rules);
    buffer_release(&hub->pool, chart->tail);
    free(chart->heads);
    free(chart->accounts);
    free(chart);
}

static enum galen_err load_chart(struct hub *hub, const struct galen_id *id, struct hub_chart **out)
{
    struct hub_chart *chart = hub_chart_new(hub, id);
    if (!chart)
        return GALEN_ERR_MEMORY;
    enum galen_err err = load_entries(hub, chart);
    struct load load = {hub, chart, GALEN_OK};
    if (err == GALEN_OK)
        err = store_heads(hub->config.store, id, keep_head, &load);
    if (err == GALEN_OK)
        err = load.err;
    if (err == GALEN_OK && !idmap_add(&hub->charts, &chart->node))
        err = GALEN_ERR_MEMORY;
    if (err != GALEN_OK) {
        hub_event(hub, "chart_not_loaded", "\"chart\":\"%s\",\"reason\":\"%s\"", hub_hex(id).text,
                  galen_err_name(err));
        hub_chart_free(hub, chart);
        return err;
    }
    *out = chart;
    return GALEN_OK;
}

enum galen_err hub_chart_find(struct hub *hub, const struct galen_id *id, struct hub_chart **chart)
{
    *chart = (struct hub_chart *)idmap_find(&hub->charts, id);
    if (*chart) {
        (*chart)->used_ms = hub->now_ms;
        return GALEN_OK;
    }
    uint64_t size;
    enum galen_err err = store_chart_size(hub->config.store, id, &size);
    if (err == GALEN_OK && size == 0)
        err = GALEN_ERR_CHART;
    return err != GALEN_OK ? err : load_chart(hub, id, chart);
}

/* -- forgetting --------------------------------------------------------------------------------- */

/* A chart that cannot be read any more, or never came to be: who follows it has to connect again. */
static void lose(struct hub *hub, struct hub_chart *chart, enum galen_err err)
{
    for (struct hub_tie *tie = chart->ties; tie; tie = tie->next_of_chart)
        hub_close(hub, tie->connection, err, 0);
    if (chart->visit)
        hub_visit_end(hub, chart->visit);
    idmap_remove(&hub->charts, &chart->node);
    hub_chart_free(hub, chart);
}

void hub_chart_reload(struct hub *hub, struct hub_chart *chart, enum galen_err err)
{
    buffer_release(&hub->pool, chart->tail);
    chart->tail = NULL;
    chart->failed = false;
    struct galen_rules *fresh = galen_rules_new(&chart->primitives, &hub->practice);
    enum galen_err loaded = GALEN_ERR_MEMORY;
    if (fresh) {
        galen_rules_free(chart->rules);
        chart->rules = fresh;
        loaded = load_entries(hub, chart);
    }
    if (loaded != GALEN_OK || chart->durable == 0)
        lose(hub, chart, loaded != GALEN_OK ? loaded : err);
}

static bool is_idle(const struct hub *hub, const struct hub_chart *chart)
{
    if (chart->ties || chart->pending > 0 || chart->visit)
        return false;
    for (size_t i = 0; i < chart->head_count; i++) {
        if (chart->heads[i].unsaved)
            return false;
    }
    return hub->now_ms > chart->used_ms &&
           hub->now_ms - chart->used_ms >= hub->config.limits.chart_idle_ms;
}

void hub_chart_sweep(struct hub *hub)
{
    struct idmap_node *node = idmap_next(&hub->charts, NULL);
    while (node) {
        struct idmap_node *next = idmap_next(&hub->charts, node);
        struct hub_chart *chart = (struct hub_chart *)node;
        if (is_idle(hub, chart)) {
            idmap_remove(&hub->charts, node);
            hub_chart_free(hub, chart);
        }
        node = next;
    }
}

/* -- who follows it ----------------------------------------------------------------------------- */

const struct galen_member *hub_chart_member(const struct hub_chart *chart,
                                            const struct hub_connection *connection)
{
    return galen_rules_member(chart->rules, &connection->id);
}

struct hub_tie *hub_chart_tie_of(const struct hub_chart *chart,
                                 const struct hub_connection *connection)
{
    struct hub_tie *tie = chart->ties;
    while (tie && tie->connection != connection)
        tie = tie->next_of_chart;
    return tie;
}

enum galen_err hub_chart_tie(struct hub *hub, struct hub_chart *chart,
                             struct hub_connection *connection, struct hub_tie **out)
{
    *out = hub_chart_tie_of(chart, connection);
    if (*out)
        return GALEN_OK;
    if (connection->tie_count >= hub->config.limits.charts_open)
        return GALEN_ERR_LIMIT;
    struct hub_tie *tie = calloc(1, sizeof *tie);
    if (!tie)
        return GALEN_ERR_MEMORY;
    tie->connection = connection;
    tie->chart = chart;
    tie->next_of_connection = connection->ties;
    connection->ties = tie;
    connection->tie_count++;
    tie->next_of_chart = chart->ties;
    chart->ties = tie;
    *out = tie;
    return GALEN_OK;
}

void hub_chart_untie(struct hub_tie *tie)
{
    struct hub_tie **at = &tie->connection->ties;
    while (*at != tie)
        at = &(*at)->next_of_connection;
    *at = tie->next_of_connection;
    tie->connection->tie_count--;
    at = &tie->chart->ties;
    while (*at != tie)
        at = &(*at)->next_of_chart;
    *at = tie->next_of_chart;
    free(tie);
}
