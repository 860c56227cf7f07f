#include "rules_state.h"

#include "galen/keys.h"
#include "galen/mutation.h"

#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------------------------------- tables */

bool id_table_reserve(struct id_table *table, size_t more)
{
    if (more <= table->room - table->count)
        return true;
    size_t room = table->room < 8 ? 8 : table->room;
    while (room - table->count < more) {
        if (room > SIZE_MAX / 2 / table->width)
            return false;
        room *= 2;
    }
    char *rows = realloc(table->rows, room * table->width);
    if (!rows)
        return false;
    table->rows = rows;
    table->room = room;
    return true;
}

static const struct galen_id *row_id(const struct id_table *table, size_t i)
{
    return (const struct galen_id *)(const void *)(table->rows + i * table->width);
}

/* The first place whose id is not below `id`. */
static size_t place_of(const struct id_table *table, const struct galen_id *id)
{
    size_t low = 0, high = table->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (galen_id_compare(row_id(table, middle), id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void *id_table_find(const struct id_table *table, const struct galen_id *id)
{
    size_t i = place_of(table, id);
    if (i == table->count || !galen_id_equal(row_id(table, i), id))
        return NULL;
    return table->rows + i * table->width;
}

void *id_table_put(struct id_table *table, const struct galen_id *id)
{
    size_t i = place_of(table, id);
    char *row = table->rows + i * table->width;
    if (i < table->count && galen_id_equal(row_id(table, i), id))
        return row;
    memmove(row + table->width, row, (table->count - i) * table->width);
    memset(row, 0, table->width);
    memcpy(row, id, sizeof *id);
    table->count++;
    return row;
}

/* ------------------------------------------------------------------------------------- lifecycle */

struct galen_rules *galen_rules_new(const struct galen_primitives *p,
                                    const struct galen_public_keys *practice)
{
    struct galen_rules *rules = calloc(1, sizeof *rules);
    if (!rules)
        return NULL;
    rules->p = p;
    rules->practice = galen_issuer_practice(p, practice);
    rules->ever.width = sizeof(struct galen_member);
    rules->authors.width = sizeof(struct galen_author);
    rules->statements.width = sizeof(struct known_statement);
    galen_tree_init(&rules->tree, p);
    return rules;
}

void galen_rules_free(struct galen_rules *rules)
{
    if (!rules)
        return;
    galen_tree_wipe(&rules->tree);
    free(rules->members);
    free(rules->ever.rows);
    free(rules->authors.rows);
    free(rules->statements.rows);
    free(rules);
}

void galen_rules_allow_gaps(struct galen_rules *rules)
{
    rules->gaps = true;
}

/* ------------------------------------------------------------------------------------- what holds */

const struct galen_id *galen_rules_chart(const struct galen_rules *rules)
{
    return &rules->chart;
}

uint32_t galen_rules_epoch(const struct galen_rules *rules)
{
    return rules->epoch;
}

bool galen_rules_epoch_void(const struct galen_rules *rules)
{
    return rules->epoch_void;
}

const uint8_t *galen_rules_history_key(const struct galen_rules *rules)
{
    return rules->history_key;
}

const struct galen_id *galen_rules_history_author(const struct galen_rules *rules)
{
    return &rules->history_author;
}

size_t galen_rules_member_count(const struct galen_rules *rules)
{
    return rules->member_count;
}

const struct galen_member *galen_rules_member_at(const struct galen_rules *rules, size_t i)
{
    return i < rules->member_count ? &rules->members[i] : NULL;
}

const struct galen_member *rules_find_member(const struct galen_member *members, size_t count,
                                             const struct galen_id *device)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = galen_id_compare(&members[middle].device, device);
        if (order == 0)
            return &members[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const struct galen_member *galen_rules_member(const struct galen_rules *rules,
                                              const struct galen_id *device)
{
    return rules_find_member(rules->members, rules->member_count, device);
}

const struct galen_author *galen_rules_author(const struct galen_rules *rules,
                                              const struct galen_id *device)
{
    return id_table_find(&rules->authors, device);
}

const struct galen_member *galen_rules_ever_member(const struct galen_rules *rules,
                                                   const struct galen_id *device)
{
    return id_table_find(&rules->ever, device);
}

const struct galen_tree *galen_rules_tree(const struct galen_rules *rules)
{
    return &rules->tree;
}

static struct galen_id statement_key(const struct galen_rules *rules,
                                     const struct galen_id *subject, const struct galen_id *account)
{
    const struct galen_bytes parts[] = {{subject->bytes, sizeof subject->bytes},
                                        {account->bytes, sizeof account->bytes}};
    struct galen_id key;
    if (galen_id_is_none(account))
        return *subject;
    rules->p->sha256(parts, 2, key.bytes);
    return key;
}

static const struct known_statement *find_statement(const struct galen_rules *rules,
                                                    const struct galen_id *subject,
                                                    const struct galen_id *account)
{
    struct galen_id key = statement_key(rules, subject, account);
    return id_table_find(&rules->statements, &key);
}

const struct galen_statement *galen_rules_statement(const struct galen_rules *rules,
                                                    const struct galen_id *subject,
                                                    const struct galen_id *account)
{
    static const struct galen_id everybody;
    const struct known_statement *known = find_statement(rules, subject, &everybody);
    if (known && known->statement.kind == GALEN_STATEMENT_REVOKED)
        return &known->statement;
    const struct known_statement *own = find_statement(rules, subject, account);
    if (!own)
        own = known;
    return own ? &own->statement : NULL;
}

struct galen_id galen_rules_statement_account(const struct galen_rules *rules,
                                              const struct galen_statement *statement)
{
    static const struct galen_id everybody;
    const struct galen_member *signer = galen_rules_member(rules, &statement->signer);
    bool for_all =
        !GALEN_CHECKED(OWN_WORD) || statement->kind != GALEN_STATEMENT_REVOKED || !signer ||
        galen_id_equal(&statement->signer, &rules->practice.device) ||
        galen_id_equal(&statement->signer, &statement->subject) ||
        (signer->role == GALEN_ROLE_ADMINISTRATOR && signer->purpose == GALEN_PURPOSE_DEVICE);
    return for_all ? everybody : signer->account;
}

struct galen_member rules_member_from_cert(const struct galen_primitives *p,
                                           const struct galen_cert *cert)
{
    return (struct galen_member){
        .device = galen_device_id(p, &cert->keys),
        .account = cert->account,
        .issuer = cert->issuer,
        .keys = cert->keys,
        .role = cert->role,
        .purpose = cert->purpose,
        .scope_kind = cert->scope_kind,
        .scope = cert->scope,
        .not_after_ms = cert->not_after_ms,
        .issues_until_ms = cert->issues_until_ms,
    };
}

/* --------------------------------------------------------------------------------------- applying */

static struct galen_member *present(struct galen_rules *rules, const struct galen_id *device)
{
    const struct galen_member *member = galen_rules_member(rules, device);
    return member ? &rules->members[member - rules->members] : NULL;
}

static void keep_statement(struct galen_rules *rules, const struct galen_statement *statement)
{
    struct galen_id account = galen_rules_statement_account(rules, statement);
    struct galen_id key = statement_key(rules, &statement->subject, &account);
    struct known_statement *known = id_table_put(&rules->statements, &key);
    bool outweighs = statement->kind == GALEN_STATEMENT_REVOKED &&
                     known->statement.kind != GALEN_STATEMENT_REVOKED;
    if (known->statement.kind == 0 || outweighs)
        known->statement = *statement;
}

/* `members` becomes the chart's own. */
static void take_epoch(struct galen_rules *rules, const struct galen_header *header,
                       const struct epoch_change *change, struct galen_member *members)
{
    const struct galen_epoch_body *body = &change->body;
    for (size_t i = 0; i < body->statement_count; i++)
        keep_statement(rules, &body->statements[i]); /* said by those who are members before it */
    memcpy(members, change->members, body->member_count * sizeof members[0]);
    free(rules->members);
    rules->members = members;
    rules->member_count = body->member_count;
    for (size_t i = 0; i < body->member_count; i++)
        *(struct galen_member *)id_table_put(&rules->ever, &members[i].device) = members[i];
    if (memcmp(rules->history_key, body->history_key, sizeof rules->history_key) != 0)
        rules->history_author = header->author;
    memcpy(rules->history_key, body->history_key, sizeof rules->history_key);
    rules->epoch = body->epoch;
    rules->epoch_void = false;
}

static void take_certificate(struct galen_rules *rules, const struct galen_id *author,
                             const struct galen_chain *chain)
{
    const struct galen_cert *cert = &chain->certs[chain->count - 1];
    struct galen_member *member = present(rules, author);
    member->issuer = cert->issuer;
    member->not_after_ms = cert->not_after_ms;
    member->issues_until_ms = cert->issues_until_ms;
    *(struct galen_member *)id_table_put(&rules->ever, author) = *member;
}

static enum galen_err append_leaf(struct galen_rules *rules, const struct galen_entry *entry)
{
    uint8_t leaf[GALEN_HASH_BYTES];
    galen_entry_leaf(rules->p, entry, leaf);
    return galen_tree_append(&rules->tree, leaf);
}

static void use_number(struct galen_rules *rules, const struct galen_header *header)
{
    struct galen_author *author = id_table_put(&rules->authors, &header->author);
    author->last_number = header->number;
}

/* Everything that an accepted entry needs before it takes effect. */
struct effect {
    struct galen_chain chain;     /* class certificate */
    struct epoch_change *change;  /* class epoch */
    struct galen_member *members; /* room for those who are members afterwards */
};

static enum galen_err prepare_epoch(struct galen_rules *rules, const struct galen_entry *entry,
                                    struct effect *effect)
{
    effect->change = malloc(sizeof *effect->change);
    if (!effect->change)
        return GALEN_ERR_MEMORY;
    enum galen_err err = rules_epoch_derive(rules, entry, effect->change);
    if (err != GALEN_OK)
        return err;
    const struct galen_epoch_body *body = &effect->change->body;
    effect->members = malloc(body->member_count * sizeof *effect->members);
    bool room = effect->members && id_table_reserve(&rules->ever, effect->change->newcomer_count) &&
                id_table_reserve(&rules->statements, body->statement_count);
    return room ? GALEN_OK : GALEN_ERR_MEMORY;
}

static enum galen_err prepare(struct galen_rules *rules, const struct galen_entry *entry,
                              struct effect *effect)
{
    struct galen_reader r;
    galen_reader_init(&r, entry->body);
    switch (entry->header.class) {
    case GALEN_CLASS_EPOCH:
        return prepare_epoch(rules, entry, effect);
    case GALEN_CLASS_CERTIFICATE: {
        enum galen_err err = galen_chain_read(&r, &effect->chain);
        bool renews = effect->chain.count > 0 && present(rules, &entry->header.author);
        return err == GALEN_OK && !renews ? GALEN_ERR_FORMAT : err;
    }
    default:
        return GALEN_OK;
    }
}

static enum galen_err apply_accepted(struct galen_rules *rules, const struct galen_entry *entry)
{
    const struct galen_header *header = &entry->header;
    struct effect effect = {.change = NULL};
    enum galen_err err = prepare(rules, entry, &effect);
    if (err == GALEN_OK)
        err = append_leaf(rules, entry); /* the last thing that can fail */
    if (err != GALEN_OK)
        goto out;
    if (!rules->begun) {
        rules->begun = true;
        rules->chart = galen_chart_id(rules->p, entry->signed_header);
    }
    if (effect.change) {
        take_epoch(rules, header, effect.change, effect.members);
        effect.members = NULL;
    } else if (header->class == GALEN_CLASS_CERTIFICATE) {
        take_certificate(rules, &header->author, &effect.chain);
    }
    use_number(rules, header);
    ((struct galen_author *)id_table_find(&rules->authors, &header->author))->last_head_size =
        header->head_size;
out:
    free(effect.members);
    free(effect.change);
    return err;
}

bool rules_number_follows(const struct galen_rules *rules, uint32_t number, uint32_t last)
{
    return rules->gaps ? number > last : last < UINT32_MAX && number == last + 1;
}

/* Whether a void entry is at least its author's next one: then its number is used (L5). */
static bool uses_its_number(const struct galen_rules *rules, const struct galen_entry *entry)
{
    const struct galen_header *header = &entry->header;
    const struct galen_member *member = galen_rules_member(rules, &header->author);
    const struct galen_author *author = galen_rules_author(rules, &header->author);
    uint32_t last = author ? author->last_number : 0;
    return rules->begun && entry->signed_header.at[0] == GALEN_VERSION && member &&
           galen_id_equal(&header->chart, &rules->chart) &&
           rules_number_follows(rules, header->number, last) &&
           galen_verify(rules->p, GALEN_SIGN_ENTRY, member->keys.sign,
                        (struct galen_bytes){entry->signed_header.at, GALEN_HEADER_BYTES},
                        entry->signature);
}

static enum galen_err apply_void(struct galen_rules *rules, const struct galen_entry *entry)
{
    bool uses = uses_its_number(rules, entry);
    /* The author signed another body: what this entry does to the members cannot be told. */
    if (uses && galen_class_is_clear(entry->header.class) &&
        !galen_entry_has_its_body(rules->p, entry))
        return GALEN_ERR_WITHHELD;
    enum galen_err err = append_leaf(rules, entry);
    if (err != GALEN_OK || !uses)
        return err;
    use_number(rules, &entry->header);
    if (entry->header.class == GALEN_CLASS_EPOCH && entry->header.epoch == rules->epoch &&
        rules->epoch < UINT32_MAX) {
        rules->epoch++;
        rules->epoch_void = true;
    }
    return GALEN_OK;
}

enum galen_err galen_rules_apply(struct galen_rules *rules, const struct galen_entry *entry,
                                 enum galen_err verdict)
{
    if (verdict == GALEN_ERR_MEMORY || verdict == GALEN_ERR_WITHHELD)
        return verdict;
    if (!id_table_reserve(&rules->authors, 1))
        return GALEN_ERR_MEMORY;
    return verdict == GALEN_OK ? apply_accepted(rules, entry) : apply_void(rules, entry);
}

enum galen_err galen_rules_restore(struct galen_rules *rules, const struct galen_author *author,
                                   const uint8_t leaf[GALEN_HASH_BYTES])
{
    if (!rules->begun)
        return GALEN_ERR_STATE;
    if (!id_table_reserve(&rules->authors, 1))
        return GALEN_ERR_MEMORY;
    enum galen_err err = galen_tree_append(&rules->tree, leaf);
    if (err == GALEN_OK)
        *(struct galen_author *)id_table_put(&rules->authors, &author->device) = *author;
    return err;
}

/* ------------------------------------------------------------------------------------------ heads */

enum galen_err galen_rules_check_head(const struct galen_rules *rules,
                                      const struct galen_head *head)
{
    if (!rules->begun || !galen_id_equal(&head->chart, &rules->chart))
        return GALEN_ERR_CHART;
    const struct galen_member *member = galen_rules_ever_member(rules, &head->device);
    if (!member)
        return GALEN_ERR_NOT_MEMBER;
    struct galen_writer w;
    galen_writer_init(&w);
    galen_head_write_unsigned(&w, head);
    bool made = !w.failed;
    bool holds = made && galen_verify(rules->p, GALEN_SIGN_HEAD, member->keys.sign,
                                      galen_written(&w), head->signature);
    galen_writer_wipe(&w);
    if (!made)
        return GALEN_ERR_MEMORY;
    if (!holds)
        return GALEN_ERR_SIGNATURE;
    uint8_t root[GALEN_HASH_BYTES];
    if (!galen_tree_root_at(&rules->tree, head->size, root))
        return GALEN_ERR_STATE;
    return memcmp(root, head->root, sizeof root) == 0 ? GALEN_OK : GALEN_ERR_HEAD;
}
