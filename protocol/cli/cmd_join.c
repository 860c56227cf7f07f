/* galen join: this home becomes the device that a link, a code or a sheet makes room for. */
#include "cli.h"

#include "galen/crypto.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct join {
    struct cli *cli;
    bool lost_asked;
};

static void on_event(void *context, const struct galen_event *event)
{
    struct join *join = context;
    if (event->kind == GALEN_EVENT_LOST_ASKED)
        join->lost_asked = true;
}

static bool is_joined(void *context)
{
    struct join *join = context;
    enum galen_home_state state = galen_engine_state(join->cli->engine);
    return join->lost_asked || state == GALEN_HOME_MEMBER || state == GALEN_HOME_GUEST;
}

/* -- which devices are lost ------------------------------------------------------------------------- */

static int say_devices(struct cli *cli, const struct galen_id *own, size_t count)
{
    char list[1024] = "";
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        char id[HEX_ID];
        id_text(&own[i], id);
        int n = snprintf(list + used, sizeof list - used, "\n  %.16s", id);
        used += n > 0 && (size_t)n < sizeof list - used ? (size_t)n : 0;
    }
    return cli_fail(
        cli, GALEN_ERR_USAGE,
        "This is a recovery sheet. Say which of your other devices are lost, so that they are "
        "removed: run this again with --lost all, --lost none, or --lost DEVICE,DEVICE. They "
        "are:%s",
        list);
}

/* One word of the list: the beginning of exactly one of the devices. */
static bool pick(const char *word, size_t size, const struct galen_id *own, size_t count,
                 struct galen_id *out)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        char id[HEX_ID];
        id_text(&own[i], id);
        if (size < PREFIX_MIN || size >= HEX_ID || strncmp(id, word, size) != 0)
            continue;
        *out = own[i];
        found++;
    }
    return found == 1;
}

static bool read_lost(const char *text, const struct galen_id *own, size_t count,
                      struct galen_id *lost, size_t *lost_count)
{
    *lost_count = 0;
    if (strcmp(text, "none") == 0)
        return true;
    if (strcmp(text, "all") == 0) {
        memcpy(lost, own, count * sizeof *own);
        *lost_count = count;
        return true;
    }
    while (*text) {
        size_t size = strcspn(text, ",");
        if (*lost_count == GALEN_ACCOUNT_DEVICES_MAX ||
            !pick(text, size, own, count, &lost[*lost_count]))
            return false;
        (*lost_count)++;
        text += size + (text[size] == ',' ? 1 : 0);
    }
    return *lost_count > 0;
}

static int answer_lost(struct join *join)
{
    struct cli *cli = join->cli;
    struct galen_id own[GALEN_ACCOUNT_DEVICES_MAX], lost[GALEN_ACCOUNT_DEVICES_MAX];
    size_t lost_count = 0,
           count = galen_engine_own_devices(cli->engine, own, GALEN_ACCOUNT_DEVICES_MAX);
    const char *text = cli->args.value[OPTION_LOST];
    char typed[512];
    if (!text && isatty(STDIN_FILENO) && !cli->json) {
        fprintf(stderr, "Which of your other devices are lost and should be removed?\n");
        for (size_t i = 0; i < count; i++) {
            char id[HEX_ID];
            id_text(&own[i], id);
            fprintf(stderr, "  %.16s\n", id);
        }
        fprintf(stderr, "Type `all`, `none`, or some with commas between: ");
        clearerr(stdin);
        if (fgets(typed, sizeof typed, stdin)) {
            typed[strcspn(typed, "\n")] = 0;
            text = typed;
        }
    }
    if (!text || !read_lost(text, own, count, lost, &lost_count))
        return say_devices(cli, own, count);
    join->lost_asked = false;
    enum galen_err err = galen_engine_join_lost(cli->engine, clock_ms(), lost, lost_count);
    return err == GALEN_OK ? CLI_OK : cli_fail(cli, err, NULL);
}

/* -- joining ---------------------------------------------------------------------------------------- */

static void show(struct cli *cli)
{
    size_t count = galen_engine_chart_count(cli->engine);
    const char *role = galen_role_name(galen_engine_role(cli->engine));
    if (cli->json) {
        cJSON *object = json_new(NULL, NULL), *charts = cJSON_CreateArray();
        json_id(object, "device", galen_engine_device(cli->engine));
        json_id(object, "account", galen_engine_account(cli->engine));
        cJSON_AddStringToObject(object, "role", role);
        json_id(object, "practice", galen_engine_practice(cli->engine));
        for (size_t i = 0; i < count; i++) {
            char id[HEX_ID];
            id_text(galen_engine_chart_at(cli->engine, i), id);
            json_append(charts, cJSON_CreateString(id));
        }
        json_put(object, "charts", charts);
        print_json(object);
        return;
    }
    printf("Joined as %s. The link is used up; this home (%s) is your device now.\n", role,
           cli->home);
    if (!galen_role_is_staff(galen_engine_role(cli->engine)))
        printf("You can write (galen send) and take part in visits (galen call). The medication "
               "record opens\n"
               "when the pharmacist has checked who you are, in the first visit.\n");
    printf("\nNext: galen chart list\n");
}

static void show_guest(struct cli *cli)
{
    struct galen_guest guest;
    char time[TIME_TEXT];
    (void)galen_engine_guest(cli->engine, &guest);
    if (cli->json) {
        cJSON *object = json_new("role", galen_role_name(GALEN_ROLE_INTERPRETER));
        json_id(object, "device", galen_engine_device(cli->engine));
        json_id(object, "practice", galen_engine_practice(cli->engine));
        json_id(object, "visit", &guest.visit);
        json_time(object, "expires", guest.until_ms);
        print_json(object);
        return;
    }
    local_time_text(guest.until_ms, time);
    printf("You are the interpreter of one call. You hear it and speak in it; nothing of anybody's "
           "record is\n"
           "shown to you or kept here. The link is used up. Your access ends with the visit, or on "
           "%s.\n"
           "\nNext: galen call --in speech.wav --out heard.wav    (knocks; the staff let you in)\n",
           time);
}

static int go(struct join *join, struct galen_bytes link)
{
    struct cli *cli = join->cli;
    enum galen_err err = GALEN_OK;
    if (link.size > 0)
        err = galen_engine_join(cli->engine, clock_ms(), link);
    if (err == GALEN_ERR_FORMAT)
        return cli_fail(cli, err,
                        "This is not a Galen link. It begins with https:// and has /join# in the "
                        "middle; copy all of it, on one line.");
    if (err != GALEN_OK)
        return cli_fail(cli, err, NULL);
    do {
        enum wait_end end = session_wait(cli->session, cli->deadline_ms, is_joined, join);
        if (end == WAIT_DONE && join->lost_asked) {
            int status = answer_lost(join);
            if (status != CLI_OK)
                return status;
        } else if (end != WAIT_DONE) {
            return cli_wait_failed(cli, end);
        }
    } while (!is_joined(join));
    if (galen_engine_state(cli->engine) == GALEN_HOME_GUEST) {
        show_guest(cli);
        return CLI_OK;
    }
    if (cli_sync(cli, NULL) != WAIT_DONE)
        cli_warn(cli, "Joining is done; the charts could not be read yet.");
    show(cli);
    return CLI_OK;
}

int command_join(struct cli *cli)
{
    struct join join = {.cli = cli};
    struct galen_writer link;
    galen_writer_init(&link);
    /* A join that was interrupted goes on without the link, or takes another one. */
    int status = cli_open(cli, OPEN_MAKE);
    bool going = status == CLI_OK && galen_engine_state(cli->engine) == GALEN_HOME_JOINING;
    /* Nor does what a guest's home was for keep it from the next visit. */
    bool guest = status == CLI_OK && galen_engine_state(cli->engine) == GALEN_HOME_GUEST;
    bool known, out = status == CLI_OK && galen_engine_is_shut_out(cli->engine, &known) && known;
    if (status == CLI_OK && !going && !out && !guest &&
        galen_engine_state(cli->engine) != GALEN_HOME_EMPTY)
        status =
            cli_fail_as(cli, CLI_HOME, GALEN_ERR_STATE,
                        "The home %s belongs to somebody already. One home is one person's device: "
                        "choose another --home.",
                        cli->home);
    if (status == CLI_OK && (!going || !isatty(STDIN_FILENO)))
        status = read_link(cli, !going, &link);
    cli->watch = on_event;
    cli->watch_context = &join;
    if (status == CLI_OK)
        status = go(&join, galen_written(&link));
    galen_writer_wipe(&link);
    return status;
}
