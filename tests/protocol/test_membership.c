/*
 * Random histories of a chart's members, by seed, beside a plain account of who should be able to read
 * what (rules E1 to E4): those who were listed in an entry's epoch, and holders everything up to the
 * last history pair that they were given. Every device is shown every byte, as by a server that keeps
 * nothing back, and must open exactly what the account says.
 */
#include "support/charts.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

enum { EPOCHS_MAX = 80, MESSAGES_MAX = 80, STEPS = 45 };

/* The account. Devices are places in chart->devices. */
struct account {
    struct chart *chart;
    uint32_t epoch, pair;
    uint32_t pair_of[EPOCHS_MAX];
    bool listed[EPOCHS_MAX][CHART_DEVICES_MAX];
    bool member[CHART_DEVICES_MAX], holder[CHART_DEVICES_MAX], staff[CHART_DEVICES_MAX];
    bool link[CHART_DEVICES_MAX];          /* an invitation */
    uint32_t last_pair[CHART_DEVICES_MAX]; /* the last history pair it was given; 0: none */
    bool weak;                             /* the present pair was made by no holder */
    bool spoiled;                          /* the present epoch is unusable */
    size_t message_count;
    struct {
        uint64_t index;
        uint32_t epoch;
    } messages[MESSAGES_MAX];
};

static size_t place(const struct account *a, const struct chart_device *device)
{
    return (size_t)(device - a->chart->devices);
}

static struct chart_device *at(const struct account *a, size_t i)
{
    return &a->chart->devices[i];
}

/* A random member for which `fits`; NULL: there is none. */
static struct chart_device *choose(struct account *a,
                                   bool (*fits)(const struct account *a, size_t i))
{
    size_t fitting[CHART_DEVICES_MAX], count = 0;
    for (size_t i = 0; i < a->chart->device_count; i++) {
        if (a->member[i] && at(a, i) != a->chart->custodian && fits(a, i))
            fitting[count++] = i;
    }
    return count > 0 ? at(a, fitting[chart_below(a->chart, count)]) : NULL;
}

static bool is_staff(const struct account *a, size_t i)
{
    return a->staff[i];
}

static bool is_person(const struct account *a, size_t i)
{
    return !a->link[i];
}

static bool is_other(const struct account *a, size_t i)
{
    return !a->staff[i] && !a->link[i];
}

static bool is_other_holder(const struct account *a, size_t i)
{
    return is_other(a, i) && a->holder[i];
}

static bool is_outsider(const struct account *a, size_t i)
{
    return is_other(a, i) && !a->holder[i];
}

static bool is_link(const struct account *a, size_t i)
{
    return a->link[i];
}

static size_t staff_count(const struct account *a)
{
    size_t count = 0;
    for (size_t i = 0; i < a->chart->device_count; i++)
        count += a->member[i] && a->staff[i];
    return count;
}

/* The next epoch has begun; a holder that wrote it mended what was weak. */
static void next_epoch(struct account *a, const struct chart_device *author, bool new_pair)
{
    bool by_holder = a->holder[place(a, author)];
    if (new_pair || (a->weak && by_holder && !a->link[place(a, author)])) {
        a->pair++;
        a->weak = !by_holder;
    }
    a->epoch++;
    a->spoiled = false;
    a->pair_of[a->epoch] = a->pair;
    cr_assert_lt(a->epoch + 1, EPOCHS_MAX);
    for (size_t i = 0; i < a->chart->device_count; i++) {
        a->listed[a->epoch][i] = a->member[i];
        if (a->member[i] && a->holder[i])
            a->last_pair[i] = a->pair;
    }
}

static void join(struct account *a, const struct chart_device *device, bool holder, bool staff)
{
    a->member[place(a, device)] = true;
    a->holder[place(a, device)] = holder;
    a->staff[place(a, device)] = staff;
}

/* -- steps -------------------------------------------------------------------------------------- */

static void add_somebody(struct account *a, struct chart_device *staff)
{
    bool colleague = chart_below(a->chart, 3) == 0;
    if (a->chart->device_count + 2 > CHART_DEVICES_MAX)
        return;
    struct chart_device *one =
        colleague ? chart_person(a->chart, "staff", GALEN_ROLE_TECHNICIAN, a->chart->admin)
        : chart_below(a->chart, 2) == 0
            ? chart_person(a->chart, "caregiver", GALEN_ROLE_CAREGIVER, staff)
            : chart_invitation(a->chart, "link", GALEN_ROLE_PATIENT, staff);
    chart_add(a->chart, staff, one, false);
    a->link[place(a, one)] = strcmp(one->name, "link") == 0;
    join(a, one, colleague, colleague);
    next_epoch(a, staff, false);
}

static void redeem_somebody(struct account *a)
{
    struct chart_device *link = choose(a, is_link);
    if (!link || a->chart->device_count == CHART_DEVICES_MAX)
        return;
    struct chart_device *fresh =
        chart_next_device(a->chart, "redeemed", GALEN_PURPOSE_DEVICE, link);
    chart_redeem(a->chart, link, fresh);
    join(a, fresh, false, false);
    a->member[place(a, link)] = false;
    next_epoch(a, link, false);
}

static void drop_somebody(struct account *a, struct chart_device *staff)
{
    struct chart_device *gone =
        choose(a, chart_below(a->chart, 3) == 0 && staff_count(a) > 1 ? is_staff : is_other);
    if (!gone || gone == staff)
        return;
    chart_drop(a->chart, staff, gone);
    a->member[place(a, gone)] = false;
    /* Whoever made a weak pair knows its secret; a holder's entry mends that in any case. */
    next_epoch(a, staff, a->holder[place(a, gone)]);
}

/* Somebody who is no holder drops a holder that the practice has revoked. */
static void drop_revoked(struct account *a)
{
    struct chart_device *gone = choose(a, is_other_holder), *author = choose(a, is_outsider);
    if (!gone || !author)
        return;
    struct galen_statement revoked =
        chart_statement(a->chart, GALEN_STATEMENT_REVOKED, NULL, gone, NULL);
    chart_change(
        a->chart, author,
        &(struct galen_epoch_change){
            .drop = &gone->id, .drop_count = 1, .statements = &revoked, .statement_count = 1});
    a->member[place(a, gone)] = false;
    next_epoch(a, author, true);
}

static void open_record(struct account *a, struct chart_device *staff)
{
    struct chart_device *one = choose(a, is_outsider);
    if (!one)
        return;
    chart_make_holder(a->chart, staff, one);
    a->holder[place(a, one)] = true;
    next_epoch(a, staff, false);
}

static void renew(struct account *a)
{
    struct chart_device *author = choose(a, is_person);
    bool new_pair = a->holder[place(a, author)] && chart_below(a->chart, 3) == 0;
    chart_change(a->chart, author, &(struct galen_epoch_change){.new_history = new_pair});
    next_epoch(a, author, new_pair);
}

/* A hostile member seals something else to somebody. */
static void spoil(struct account *a)
{
    struct chart_device *author = choose(a, is_outsider);
    struct galen_epoch_body *body = malloc(sizeof *body);
    struct galen_epoch_random random = chart_epoch_random(a->chart);
    struct galen_header header;
    if (author) {
        chart_draft(a->chart, author, &(struct galen_epoch_change){0}, &random, &header, body);
        body->members[chart_below(a->chart, body->member_count)].epoch_key.sealed[5] ^= 4;
        cr_assert_eq(chart_append_epoch(a->chart, author, &header, body), GALEN_OK);
        next_epoch(a, author, false);
        a->spoiled = true;
    }
    free(body);
}

static void say(struct account *a)
{
    struct chart_device *author = choose(a, is_person);
    if (a->message_count == MESSAGES_MAX)
        return;
    if (a->spoiled)
        renew(a);
    a->messages[a->message_count].epoch = a->epoch;
    a->messages[a->message_count++].index = chart_say(a->chart, author, "a message");
}

static void step(struct account *a)
{
    struct chart_device *staff = choose(a, is_staff);
    switch (chart_below(a->chart, 10)) {
    case 0:
    case 1:
        add_somebody(a, staff);
        break;
    case 2:
        redeem_somebody(a);
        break;
    case 3:
        drop_somebody(a, staff);
        break;
    case 4:
        drop_revoked(a);
        break;
    case 5:
        open_record(a, staff);
        break;
    case 6:
        renew(a);
        break;
    case 7:
        if (chart_below(a->chart, 3) == 0)
            spoil(a);
        break;
    default:
        break;
    }
    say(a);
}

/* -- the comparison ------------------------------------------------------------------------------- */

static bool should_open(const struct account *a, size_t device, uint32_t epoch)
{
    return a->listed[epoch][device] || a->pair_of[epoch] <= a->last_pair[device];
}

/* Shows the device everything, twice: what was locked at first is tried again. */
static struct galen_log *read_all(const struct account *a, size_t i, bool from_start)
{
    struct chart_device *device = at(a, i);
    struct galen_writer plain;
    galen_writer_init(&plain);
    if (from_start)
        chart_forget(a->chart, device);
    for (uint64_t e = galen_log_size(device->log); e < a->chart->size; e++) {
        struct galen_entry entry = chart_entry_at(a->chart, e);
        struct galen_read read;
        cr_assert_eq(galen_log_add(device->log, &entry, &read, &plain), GALEN_OK);
    }
    for (uint64_t e = 0; e < a->chart->size; e++) {
        struct galen_entry entry = chart_entry_at(a->chart, e);
        struct galen_read read;
        cr_assert_eq(galen_log_open_again(device->log, e, &entry, &read, &plain), GALEN_OK);
    }
    galen_writer_wipe(&plain);
    return device->log;
}

static void compare(const struct account *a, uint64_t seed)
{
    for (size_t i = 0; i < a->chart->device_count; i++) {
        const struct galen_log *log = read_all(a, i, i % 3 == 0);
        for (size_t m = 0; m < a->message_count; m++) {
            uint32_t epoch = a->messages[m].epoch;
            bool opens = should_open(a, i, epoch);
            cr_assert_eq(galen_log_read(log, a->messages[m].index)->state,
                         opens ? GALEN_READ_OPEN : GALEN_READ_LOCKED,
                         "seed %d: device %zu (%s), message %zu of epoch %u, pair %u, last %u",
                         (int)seed, i, at(a, i)->name, m, epoch, a->pair_of[epoch],
                         a->last_pair[i]);
        }
        enum galen_err state = !a->member[i] ? GALEN_ERR_NOT_MEMBER
                               : a->spoiled  ? GALEN_ERR_UNUSABLE
                                             : GALEN_OK;
        cr_assert_eq(galen_log_epoch_state(log), state, "seed %d: device %zu", (int)seed, i);
        cr_assert_eq(galen_log_is_holder(log), a->member[i] && a->holder[i]);
        cr_assert_eq(galen_log_history_needs_care(log), a->member[i] && a->holder[i] && a->weak,
                     "seed %d: device %zu", (int)seed, i);
    }
}

static void run(uint64_t seed)
{
    struct account *a = calloc(1, sizeof *a);
    a->chart = chart_new(5000 + seed);
    struct chart_device *first =
        chart_person(a->chart, "first", GALEN_ROLE_PHARMACIST, a->chart->admin);
    chart_start(a->chart, first, NULL, 0);
    join(a, first, true, true);
    join(a, a->chart->custodian, true, false);
    next_epoch(a, first, true);
    for (size_t i = 0; i < STEPS; i++) {
        step(a);
        if (i == STEPS / 2)
            compare(a, seed);
    }
    compare(a, seed);
    chart_free(a->chart);
    free(a);
}

Test(membership, E1_E4_everybody_reads_what_they_should_and_nothing_else)
{
    for (uint64_t seed = 0; seed < 8; seed++)
        run(seed);
}
