/*
 * Which epoch keys this device has, and whether everybody got the same (PROTOCOL.md, "Epochs"; rules
 * E1 to E3). Keys come from this device's own seals and, for holders, backwards through the history
 * pairs; so they may come long after the entry.
 */
#include "state.h"

#include "galen/mutation.h"

#include <stdlib.h>
#include <string.h>

/* -- keeping what an entry says ------------------------------------------------------------------ */

void epoch_wipe(struct log_epoch *epoch)
{
    free(epoch->members);
    free(epoch->links);
    galen_wipe(epoch, sizeof *epoch);
}

static enum galen_err copy_lists(const struct galen_epoch_body *body, struct log_epoch *epoch)
{
    epoch->members = calloc(body->member_count, sizeof *epoch->members);
    epoch->links = calloc(body->link_count + 1, sizeof *epoch->links);
    if (!epoch->members || !epoch->links)
        return GALEN_ERR_MEMORY;
    memcpy(epoch->members, body->members, body->member_count * sizeof *epoch->members);
    epoch->member_count = body->member_count;
    for (size_t i = 0; i < body->link_count; i++)
        epoch->links[i] = (struct epoch_link){body->links[i], NO_PAIR};
    epoch->link_count = body->link_count;
    return GALEN_OK;
}

enum galen_err epoch_read(const struct galen_entry *entry, struct log_epoch *epoch,
                          uint8_t history_key[GALEN_SEAL_KEY_BYTES])
{
    *epoch = (struct log_epoch){.state = EPOCH_LOCKED, .place = seal_place_of(&entry->header)};
    struct galen_epoch_body *body = calloc(1, sizeof *body);
    enum galen_err err = body ? galen_epoch_body_read(entry->body, body) : GALEN_ERR_MEMORY;
    if (err == GALEN_OK) {
        memcpy(epoch->commitment, body->commitment, sizeof epoch->commitment);
        memcpy(history_key, body->history_key, GALEN_SEAL_KEY_BYTES);
        epoch->history_seal = body->history_seal;
        err = copy_lists(body, epoch);
    }
    free(body);
    if (err != GALEN_OK)
        epoch_wipe(epoch);
    return err;
}

/* -- checking ----------------------------------------------------------------------------------- */

static const struct galen_epoch_member *listed(const struct log_epoch *epoch,
                                               const struct galen_id *device)
{
    for (size_t i = 0; i < epoch->member_count; i++) {
        if (galen_id_equal(&epoch->members[i].device, device))
            return &epoch->members[i];
    }
    return NULL;
}

static bool commitment_holds(const struct log_epoch *epoch, const uint8_t key[GALEN_KEY_BYTES])
{
    uint8_t expected[GALEN_HASH_BYTES];
    epoch_commitment(key, &epoch->place.chart, epoch->place.epoch, expected);
    return galen_same(expected, epoch->commitment, sizeof expected);
}

static bool member_seal_holds(const struct galen_log *log, const struct log_epoch *epoch,
                              const struct galen_epoch_member *member, const char *purpose,
                              const struct galen_seal *seal, const uint8_t key[GALEN_KEY_BYTES])
{
    const struct galen_member *facts = galen_rules_ever_member(log->rules, &member->device);
    return facts &&
           seal_matches(&epoch->place, purpose, seal, key, facts->keys.seal, &member->device);
}

/* Whoever has the key makes all seals of it again, and so all come to the same result (E3). */
static bool all_seals_hold(const struct galen_log *log, const struct log_epoch *epoch,
                           const uint8_t key[GALEN_KEY_BYTES])
{
    const uint8_t *history_key = log->pairs[epoch->pair].key;
    struct galen_id recipient = seal_history_recipient(history_key);
    if (!seal_matches(&epoch->place, "epoch", &epoch->history_seal, key, history_key, &recipient))
        return false;
    for (size_t i = 0; i < epoch->member_count; i++) {
        const struct galen_epoch_member *member = &epoch->members[i];
        if (!member_seal_holds(log, epoch, member, "epoch", &member->epoch_key, key))
            return false;
    }
    return true;
}

/* `opened` is false when the seal that should have held the key did not open. */
static void take_key(const struct galen_log *log, struct log_epoch *epoch, bool opened,
                     const uint8_t key[GALEN_KEY_BYTES])
{
    if (!opened || !commitment_holds(epoch, key) ||
        (GALEN_CHECKED(EPOCH_SEALS) && !all_seals_hold(log, epoch, key))) {
        epoch->state = EPOCH_UNUSABLE;
        return;
    }
    epoch->state = EPOCH_OPEN;
    memcpy(epoch->key, key, sizeof epoch->key);
}

/* -- what was found out before ------------------------------------------------------------------ */

/*
 *   u32 pairs, and of each: u8 known, damaged (bits 0 and 1), the secret, or zeros
 *   u32 epochs, and of each: u8 state, bool swept, the key, or zeros; u8 links in its entry, and of each:
 *       u32 the pair whose secret it gave, and 1; 0: none
 */
#define PAIR_BYTES 33

void galen_log_write_keys(const struct galen_log *log, struct galen_writer *w)
{
    galen_write_u32(w, (uint32_t)log->pair_count);
    for (size_t i = 0; i < log->pair_count; i++) {
        const struct history_pair *pair = &log->pairs[i];
        galen_write_u8(w, (uint8_t)(pair->known | pair->damaged << 1));
        galen_write(w, pair->secret, sizeof pair->secret);
    }
    galen_write_u32(w, (uint32_t)log->epoch_count);
    for (size_t i = 0; i < log->epoch_count; i++) {
        const struct log_epoch *epoch = &log->epochs[i];
        galen_write_u8(w, epoch->state);
        galen_write_bool(w, epoch->swept);
        galen_write(w, epoch->key, sizeof epoch->key);
        galen_write_u8(w, (uint8_t)epoch->link_count);
        for (size_t k = 0; k < epoch->link_count; k++)
            galen_write_u32(w, (uint32_t)(epoch->links[k].old_pair + 1));
    }
}

void keys_wipe(struct kept_keys *kept)
{
    if (kept->bytes)
        galen_wipe(kept->bytes, kept->size);
    free(kept->bytes);
    *kept = (struct kept_keys){0};
}

/* One epoch that is kept; `epoch`, with as many links, may be NULL. False: it is none. */
static bool read_kept(struct galen_reader *r, size_t pair_count, struct log_epoch *epoch)
{
    struct log_epoch read = {.state = galen_read_u8(r)};
    read.swept = galen_read_bool(r);
    galen_read_into(r, read.key, sizeof read.key);
    read.link_count = galen_read_u8(r);
    bool ok = read.state >= EPOCH_LOCKED && read.state <= EPOCH_UNUSABLE;
    for (size_t i = 0; i < read.link_count; i++) {
        uint32_t pair = galen_read_u32(r);
        ok &= pair <= pair_count;
        if (epoch)
            epoch->links[i].old_pair = pair == 0 ? NO_PAIR : pair - 1;
    }
    if (epoch) {
        epoch->state = read.state;
        epoch->swept = read.swept;
        memcpy(epoch->key, read.key, sizeof epoch->key);
    }
    galen_wipe(&read, sizeof read);
    return ok && !r->failed;
}

static bool read_keys(struct galen_bytes keys, struct kept_keys *kept)
{
    struct galen_reader r;
    galen_reader_init(&r, keys);
    kept->pair_count = galen_read_u32(&r);
    if (kept->pair_count > r.left / PAIR_BYTES)
        return false;
    kept->pairs = galen_take(&r, kept->pair_count * PAIR_BYTES);
    for (size_t i = 0; i < kept->pair_count; i++)
        if (kept->pairs.at[i * PAIR_BYTES] > 3)
            return false;
    kept->epoch_count = galen_read_u32(&r);
    kept->epochs = r;
    for (size_t i = 0; i < kept->epoch_count; i++)
        if (!read_kept(&r, kept->pair_count, NULL))
            return false;
    return galen_reader_done(&r);
}

enum galen_err galen_log_restore_keys(struct galen_log *log, struct galen_bytes keys,
                                      uint32_t *epochs)
{
    struct kept_keys kept = {.size = keys.size};
    if (log->read_count > 0 || log->kept.bytes)
        return GALEN_ERR_STATE;
    kept.bytes = malloc(keys.size + 1);
    if (!kept.bytes)
        return GALEN_ERR_MEMORY;
    if (keys.size > 0)
        memcpy(kept.bytes, keys.at, keys.size);
    if (!read_keys((struct galen_bytes){kept.bytes, keys.size}, &kept)) {
        keys_wipe(&kept);
        return GALEN_ERR_FORMAT;
    }
    *epochs = (uint32_t)kept.epoch_count;
    log->kept = kept;
    return GALEN_OK;
}

bool keys_are_kept(const struct galen_log *log)
{
    return log->epoch_count < log->kept.epoch_count;
}

bool galen_log_restored_keys(const struct galen_log *log)
{
    return !keys_are_kept(log);
}

bool keys_fit(const struct galen_log *log, size_t link_count)
{
    struct galen_reader r = log->kept.epochs;
    (void)galen_take(&r, 1 + 1 + GALEN_KEY_BYTES);
    return galen_read_u8(&r) == link_count && !r.failed;
}

static void restore_pair(struct galen_log *log, size_t place)
{
    if (place >= log->kept.pair_count)
        return;
    const uint8_t *at = log->kept.pairs.at + place * PAIR_BYTES;
    struct history_pair *pair = &log->pairs[place];
    pair->known = at[0] & 1;
    pair->damaged = at[0] >> 1;
    memcpy(pair->secret, at + 1, sizeof pair->secret);
}

/* -- history pairs ------------------------------------------------------------------------------ */

static size_t find_pair(const struct galen_log *log, const uint8_t key[GALEN_SEAL_KEY_BYTES])
{
    for (size_t i = 0; i < log->pair_count; i++) {
        if (memcmp(log->pairs[i].key, key, GALEN_SEAL_KEY_BYTES) == 0)
            return i;
    }
    return NO_PAIR;
}

/* Makes the pair that an entry names the present one. */
static void name_pair(struct galen_log *log, const uint8_t key[GALEN_SEAL_KEY_BYTES], bool weak)
{
    size_t found = find_pair(log, key);
    if (found == NO_PAIR) {
        found = log->pair_count++;
        log->pairs[found] = (struct history_pair){.weak = weak};
        memcpy(log->pairs[found].key, key, GALEN_SEAL_KEY_BYTES);
        restore_pair(log, found);
    } else if (found != log->pair) {
        log->pairs[found].weak = true; /* whoever was dropped since may still have its secret */
    }
    log->pair = found;
}

/* True if it is the pair's secret, which is then known. */
static bool take_secret(struct history_pair *pair, const uint8_t secret[GALEN_KEY_BYTES])
{
    uint8_t key[GALEN_SEAL_KEY_BYTES];
    galen_seal_public(secret, key);
    if (!galen_same(key, pair->key, sizeof key))
        return false;
    memcpy(pair->secret, secret, sizeof pair->secret);
    pair->known = true;
    return true;
}

/* An older history secret, sealed to this pair. */
static void open_link(struct galen_log *log, const struct log_epoch *epoch, struct epoch_link *link)
{
    const struct history_pair *pair = &log->pairs[epoch->pair];
    struct galen_id recipient = seal_history_recipient(pair->key);
    size_t old = find_pair(log, link->link.old_key);
    uint8_t secret[GALEN_KEY_BYTES];
    if (old != NO_PAIR &&
        seal_open(&epoch->place, "history", &link->link.seal, pair->secret, pair->key, &recipient,
                  secret) &&
        take_secret(&log->pairs[old], secret))
        link->old_pair = old;
    galen_wipe(secret, sizeof secret);
}

/* Uses the secret of the epoch's history pair on everything in the entry. */
static void sweep(struct galen_log *log, struct log_epoch *epoch)
{
    struct history_pair *pair = &log->pairs[epoch->pair];
    if (epoch->state == EPOCH_LOCKED) {
        struct galen_id recipient = seal_history_recipient(pair->key);
        uint8_t key[GALEN_KEY_BYTES];
        bool opened = seal_open(&epoch->place, "epoch", &epoch->history_seal, pair->secret,
                                pair->key, &recipient, key);
        take_key(log, epoch, opened, key);
        galen_wipe(key, sizeof key);
    }
    for (size_t i = 0; i < epoch->member_count; i++) {
        const struct galen_epoch_member *member = &epoch->members[i];
        if (member->has_history &&
            !member_seal_holds(log, epoch, member, "history", &member->history, pair->secret))
            pair->damaged = true;
    }
    for (size_t i = 0; i < epoch->link_count; i++)
        open_link(log, epoch, &epoch->links[i]);
    epoch->swept = true;
}

/* Links give secrets of older pairs, which open further links: until nothing new comes. */
static void sweep_all(struct galen_log *log)
{
    for (bool again = true; again;) {
        again = false;
        for (size_t i = 0; i < log->epoch_count; i++) {
            struct log_epoch *epoch = &log->epochs[i];
            if (epoch->swept || !log->pairs[epoch->pair].known)
                continue;
            sweep(log, epoch);
            again = true;
        }
    }
}

/* Which older pairs can be reached from the present one through links. */
static void mark_linked(struct galen_log *log)
{
    for (size_t i = 0; i < log->pair_count; i++)
        log->pairs[i].linked = i == log->pair;
    for (bool again = true; again;) {
        again = false;
        for (size_t i = 0; i < log->epoch_count; i++) {
            const struct log_epoch *epoch = &log->epochs[i];
            for (size_t j = 0; j < epoch->link_count; j++) {
                size_t old = epoch->links[j].old_pair;
                if (old == NO_PAIR || !log->pairs[epoch->pair].linked || log->pairs[old].linked)
                    continue;
                log->pairs[old].linked = true;
                again = true;
            }
        }
    }
}

/* -- the next epoch ----------------------------------------------------------------------------- */

/* What the entry seals to this device itself. */
static void open_own(struct galen_log *log, struct log_epoch *epoch)
{
    const struct galen_epoch_member *own = listed(epoch, &log->self_id);
    uint8_t key[GALEN_KEY_BYTES];
    if (!own)
        return;
    bool opened = seal_open(&epoch->place, "epoch", &own->epoch_key, log->self.seal_secret,
                            log->self.seal_public, &log->self_id, key);
    take_key(log, epoch, opened, key);
    if (own->has_history &&
        seal_open(&epoch->place, "history", &own->history, log->self.seal_secret,
                  log->self.seal_public, &log->self_id, key))
        (void)take_secret(&log->pairs[epoch->pair], key);
    galen_wipe(key, sizeof key);
}

/* What was found out of an epoch; `epoch` is NULL where its entry is void. */
static void next_kept(struct galen_log *log, struct log_epoch *epoch)
{
    (void)!read_kept(&log->kept.epochs, log->kept.pair_count, epoch);
    if (keys_are_kept(log))
        return;
    keys_wipe(&log->kept);
    mark_linked(log);
}

void epoch_begin(struct galen_log *log, const struct log_epoch *epoch,
                 const uint8_t history_key[GALEN_SEAL_KEY_BYTES], bool weak)
{
    bool kept = keys_are_kept(log);
    struct log_epoch *begun = &log->epochs[log->epoch_count++];
    *begun = *epoch;
    name_pair(log, history_key, weak);
    begun->pair = log->pair;
    if (kept) {
        next_kept(log, begun);
        return;
    }
    open_own(log, begun);
    sweep_all(log);
    mark_linked(log);
}

void epoch_begin_void(struct galen_log *log)
{
    bool kept = keys_are_kept(log);
    log->epochs[log->epoch_count++] =
        (struct log_epoch){.state = EPOCH_UNUSABLE, .swept = true, .pair = log->pair};
    if (kept)
        next_kept(log, NULL);
}

const struct log_epoch *epoch_at(const struct galen_log *log, uint32_t number)
{
    return number > 0 && number <= log->epoch_count ? &log->epochs[number - 1] : NULL;
}

/* -- what others ask ---------------------------------------------------------------------------- */

const uint8_t *galen_log_epoch_key(const struct galen_log *log, uint32_t number)
{
    const struct log_epoch *epoch = epoch_at(log, number);
    return epoch && epoch->state == EPOCH_OPEN ? epoch->key : NULL;
}

enum galen_err galen_log_epoch_state(const struct galen_log *log)
{
    if (!galen_rules_member(log->rules, &log->self_id))
        return GALEN_ERR_NOT_MEMBER;
    return galen_log_epoch_key(log, galen_rules_epoch(log->rules)) ? GALEN_OK : GALEN_ERR_UNUSABLE;
}

static bool holds(const struct galen_log *log)
{
    const struct galen_member *own = galen_rules_member(log->rules, &log->self_id);
    return own && own->holder;
}

bool galen_log_is_holder(const struct galen_log *log)
{
    return holds(log) && log->pairs[log->pair].known;
}

bool galen_log_history_needs_care(const struct galen_log *log)
{
    if (!holds(log))
        return false;
    const struct history_pair *present = &log->pairs[log->pair];
    if (!present->known || present->damaged || present->weak)
        return true;
    for (size_t i = 0; i < log->pair_count; i++) {
        if (log->pairs[i].known && !log->pairs[i].linked)
            return true;
    }
    return false;
}
