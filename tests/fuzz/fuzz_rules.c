/*
 * A story of entries told to two charts. Every signature is taken for good, and what ties entries
 * together by hashes is filled in, so that mutations reach the rules behind. Whatever is told, both
 * charts must judge alike and what the rules promise must hold afterwards.
 *
 * Input: entries, each { class u8, author u8, tweaks u8, body<V> }; the author is a place among those
 * who ever were members, or in a first entry among those whom its body lists. The chart's id is made of
 * the first entry, so that no input can know it: certificates for a chart are made to name this one.
 */
#include "galen/rules.h"
#include "support/primitives.h"

#include <stdlib.h>
#include <string.h>

enum { ENTRIES_MAX = 40 };

static void demand(bool holds)
{
    if (!holds)
        abort();
}

static bool take_for_good(const uint8_t key[GALEN_SIGN_KEY_BYTES], struct galen_bytes message,
                          const uint8_t signature[GALEN_SIGNATURE_BYTES])
{
    (void)key;
    (void)message;
    (void)signature;
    return true;
}

/* What tests/support/scene.c uses: 0x51 … in a seed, then the practice's two public keys. */
static void practice_keys(struct galen_public_keys *keys)
{
    uint8_t seed[32], secret[32];
    memset(seed, 0x51, sizeof seed);
    memset(secret, 0x52, sizeof secret);
    seed[0] = secret[0] = 1;
    seed[1] = secret[1] = 0;
    test_sign_key(seed, keys->sign);
    test_seal_key(secret, keys->seal);
}

struct story {
    struct galen_rules *charts[2];
    struct galen_id authors[256];
    size_t author_count;
    uint64_t now_ms;
};

static void remember_members(struct story *s)
{
    for (size_t i = 0; i < galen_rules_member_count(s->charts[0]); i++) {
        const struct galen_id *id = &galen_rules_member_at(s->charts[0], i)->device;
        bool known = false;
        for (size_t k = 0; k < s->author_count; k++)
            known = known || galen_id_equal(id, &s->authors[k]);
        if (!known && s->author_count < 256)
            s->authors[s->author_count++] = *id;
    }
}

/* In a first entry the author is one of those listed: their ids stand in the body. */
static struct galen_id first_author(struct galen_bytes bytes, uint8_t place)
{
    struct galen_id id = {{0}};
    struct galen_epoch_body *body = malloc(sizeof *body);
    demand(body != NULL);
    if (galen_epoch_body_read(bytes, body) == GALEN_OK)
        id = body->members[place % body->member_count].device;
    free(body);
    return id;
}

static void name_this_chart(const struct galen_id *chart, struct galen_bytes bytes,
                            struct galen_writer *out)
{
    struct galen_epoch_body *body = malloc(sizeof *body);
    demand(body != NULL);
    if (galen_epoch_body_read(bytes, body) == GALEN_OK) {
        for (size_t i = 0; i < body->chain_count; i++)
            for (size_t k = 0; k < body->chains[i].count; k++)
                if (body->chains[i].certs[k].scope_kind == GALEN_SCOPE_CHART &&
                    !galen_id_is_none(chart))
                    body->chains[i].certs[k].scope = *chart;
        galen_epoch_body_write(out, body);
    } else {
        galen_write(out, bytes.at, bytes.size);
    }
    free(body);
}

static void make_header(const struct story *s, uint8_t class, uint8_t author, uint8_t tweaks,
                        struct galen_bytes body, struct galen_header *header)
{
    const struct galen_rules *rules = s->charts[0];
    const struct galen_tree *tree = galen_rules_tree(rules);
    *header = (struct galen_header){
        .class = class,
        .chart = *galen_rules_chart(rules),
        .epoch = galen_rules_epoch(rules),
        .head_size = galen_tree_size(tree),
        .body_size = (uint32_t)body.size,
    };
    header->author =
        s->author_count > 0 ? s->authors[author % s->author_count] : first_author(body, author);
    const struct galen_author *known = galen_rules_author(rules, &header->author);
    header->number = (known ? known->last_number : 0) + 1;
    if (tweaks & 1)
        header->epoch--;
    if (tweaks & 2)
        header->number++;
    if ((tweaks & 4) && header->head_size > 0)
        header->head_size--;
    demand(galen_tree_root_at(tree, header->head_size, header->head_root));
    test_primitives.sha256(&body, 1, header->body_hash);
}

static void demand_promises(const struct galen_rules *rules)
{
    size_t custodians = 0, count = galen_rules_member_count(rules);
    demand(count <= GALEN_MEMBERS_MAX);
    for (size_t i = 0; i < count; i++) {
        const struct galen_member *member = galen_rules_member_at(rules, i);
        bool staff = galen_role_is_staff((enum galen_role)member->role);
        custodians += member->role == GALEN_ROLE_CUSTODIAN;
        demand(!(staff || member->role == GALEN_ROLE_CUSTODIAN) || member->holder);
        demand(member->scope_kind != GALEN_SCOPE_VISIT);
        demand(!galen_rules_statement(rules, &member->device, &member->account));
        demand(galen_rules_ever_member(rules, &member->device) != NULL);
        demand(galen_rules_member(rules, &member->device) == member);
        if (i > 0)
            demand(galen_id_compare(&member[-1].device, &member->device) < 0);
    }
    demand(count == 0 || custodians > 0);
}

static void tell(struct story *s, uint8_t class, uint8_t author, uint8_t tweaks,
                 struct galen_bytes told_body)
{
    struct galen_writer w, body;
    galen_writer_init(&w);
    galen_writer_init(&body);
    if (class == GALEN_CLASS_EPOCH && !(tweaks & 32))
        name_this_chart(galen_rules_chart(s->charts[0]), told_body, &body);
    else
        galen_write(&body, told_body.at, told_body.size);
    struct galen_entry entry = {.received_ms = s->now_ms, .body = galen_written(&body)};
    make_header(s, class, author, tweaks, entry.body, &entry.header);
    /* R is the base point and S is 1, so that K1 lets it pass. */
    memset(entry.signature, 0x66, 32);
    entry.signature[0] = 0x58;
    entry.signature[32] = 1;
    galen_header_write(&w, &entry.header);
    galen_write(&w, entry.signature, sizeof entry.signature);
    entry.signed_header = galen_written(&w);
    entry.body_state = tweaks & 8 ? GALEN_BODY_NOT_YOURS : GALEN_BODY_PRESENT;
    uint64_t size = galen_tree_size(galen_rules_tree(s->charts[0]));
    uint32_t epoch = galen_rules_epoch(s->charts[0]);
    enum galen_err verdict = galen_rules_judge(s->charts[0], &entry);
    demand(verdict == galen_rules_judge(s->charts[1], &entry));
    for (int i = 0; i < 2; i++) {
        enum galen_err err = galen_rules_apply(s->charts[i], &entry, verdict);
        demand(err == (verdict == GALEN_ERR_WITHHELD ? verdict : GALEN_OK));
        demand_promises(s->charts[i]);
    }
    demand(galen_tree_size(galen_rules_tree(s->charts[0])) ==
           size + (verdict != GALEN_ERR_WITHHELD));
    demand(galen_rules_epoch(s->charts[0]) == galen_rules_epoch(s->charts[1]));
    demand(galen_rules_epoch(s->charts[0]) - epoch <= 1);
    galen_writer_wipe(&w);
    galen_writer_wipe(&body);
    remember_members(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct galen_primitives primitives;
    static struct galen_public_keys practice;
    if (!primitives.sha256) {
        primitives = (struct galen_primitives){test_primitives.sha256, take_for_good};
        practice_keys(&practice);
    }
    struct story s = {.now_ms = 1800000000000u};
    for (int i = 0; i < 2; i++) {
        s.charts[i] = galen_rules_new(&primitives, &practice);
        demand(s.charts[i] != NULL);
    }
    struct galen_reader r;
    galen_reader_init(&r, (struct galen_bytes){data, size});
    for (int i = 0; i < ENTRIES_MAX && r.left > 0; i++) {
        uint8_t class = galen_read_u8(&r), author = galen_read_u8(&r), tweaks = galen_read_u8(&r);
        struct galen_bytes body = galen_read_vector(&r, GALEN_BODY_MAX);
        if (r.failed)
            break;
        if (tweaks & 16)
            s.now_ms += GALEN_DAY_MS;
        tell(&s, class, author, tweaks, body);
    }
    galen_rules_free(s.charts[0]);
    galen_rules_free(s.charts[1]);
    return 0;
}
