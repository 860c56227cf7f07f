/* Words that every part shares: bytes, errors, ids. */
#ifndef GALEN_BASE_H
#define GALEN_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GALEN_MUST_USE __attribute__((warn_unused_result))

#define GALEN_ID_BYTES        32 /* chart, device, account, practice: a SHA-256 */
#define GALEN_HASH_BYTES      32
#define GALEN_SIGN_KEY_BYTES  32 /* Ed25519 public key */
#define GALEN_SEAL_KEY_BYTES  32 /* X25519 public key */
#define GALEN_SIGNATURE_BYTES 64
#define GALEN_KEY_BYTES       32 /* any symmetric key or HKDF secret */
#define GALEN_OP_ID_BYTES     16

/** Borrowed bytes. `at` may be NULL when `size` is 0. */
struct galen_bytes {
    const uint8_t *at;
    size_t size;
};

/** Any 32-byte id. All zeros means "none". */
struct galen_id {
    uint8_t bytes[GALEN_ID_BYTES];
};

bool galen_id_equal(const struct galen_id *a, const struct galen_id *b);
bool galen_id_is_none(const struct galen_id *id);
int galen_id_compare(const struct galen_id *a, const struct galen_id *b);
bool galen_bytes_equal(struct galen_bytes a, struct galen_bytes b);

/**
 * Every way in which a request, an entry or a frame can fail. The numbers travel in frames
 * (PROTOCOL.md, "Errors"), so they keep their place. `galen_err_name` gives the name used in
 * logs and counters, `galen_err_help` one English sentence that says what to do next.
 */
/* clang-format off */
#define GALEN_ERRORS(X)                                                                            \
    X(OK, 0, "ok", "")                                                                             \
    X(MEMORY, 1, "out-of-memory", "The machine is out of memory. Close something and try again.")  \
    X(FORMAT, 2, "bad-format", "The bytes are not what the protocol allows here. Update Galen on both sides.") \
    X(STATE, 3, "wrong-state", "This cannot be done at this point of the connection. Connect again.") \
    X(TOO_LARGE, 4, "too-large", "This is larger than Galen accepts. Split it or make it shorter.") \
    X(LIMIT, 5, "limit-reached", "Too much at once. Wait a little and try again.")                 \
    X(STORE, 6, "store-failed", "The server could not store this. Nothing was lost here; it is tried again.") \
    X(DISK_FULL, 7, "disk-full", "The server's disk is full. Reading goes on; ask the practice to make room.") \
    X(KEY, 8, "bad-key", "A key is not one that Galen accepts. Make new keys.")                    \
    X(SIGNATURE, 9, "bad-signature", "A signature does not hold. Nothing was accepted.")           \
    X(CERTIFICATE, 10, "bad-certificate", "The certificates do not lead to this practice. Ask for a new invitation.") \
    X(EXPIRED, 11, "expired", "This has expired. Ask the practice for a new one.")                 \
    X(REVOKED, 12, "revoked", "This device was removed by the practice. Call them if that is a mistake.") \
    X(REPLACED, 13, "already-used", "This link or code was used before. If it was not you, call the practice now.") \
    X(NOT_MEMBER, 14, "not-a-member", "This device does not belong to this chart. Ask its staff to add it.") \
    X(ROLE, 15, "role-may-not", "Your role may not do this. Ask a pharmacist of the practice.")    \
    X(EPOCH, 16, "stale-epoch", "The members or keys changed meanwhile. It is sent again by itself.") \
    X(NUMBER, 17, "wrong-number", "The entry's number is not the next one. Read the chart first.")  \
    X(HEAD, 18, "wrong-head", "The entry names a history this chart does not have. Check the chart's evidence.") \
    X(CHART, 19, "unknown-chart", "There is no such chart for this device. Check the id.")         \
    X(MEMBERS, 20, "too-many-devices", "The chart has as many devices as it may have. Remove one first.") \
    X(CUSTODIAN, 21, "custodian", "The practice's custodian must stay a member of every chart.")  \
    X(COMMITMENT, 22, "bad-commitment", "The key does not match what was promised for it.")        \
    X(SEAL, 23, "bad-seal", "This could not be opened with this device's keys.")                   \
    X(CLASS, 24, "class-mismatch", "An entry's kind and class do not belong together.")            \
    X(DUPLICATE, 25, "duplicate", "This was accepted before. Nothing more is needed.")             \
    X(CLONED, 26, "keys-cloned", "Somebody else writes with this device's keys. Shut it out (galen device shut-out), and call the practice.") \
    X(FORK, 27, "forked", "The server shows different histories. Keep the evidence and call the practice.") \
    X(WITHHELD, 28, "withheld", "The server holds back part of the chart.")                       \
    X(UNKNOWN_KIND, 29, "newer-version", "This needs a newer version of Galen.")                  \
    X(WAITING, 30, "in-waiting-room", "The pharmacist has not let you in yet. Please wait.")       \
    X(SENDER, 31, "wrong-sender", "The frame carries another participant's number.")              \
    X(REPLAY, 32, "replayed", "This frame came before.")                                           \
    X(NO_VISIT, 33, "no-visit", "There is no open visit in this chart. Staff open one first.")     \
    X(SIGN_IN, 34, "sign-in-failed", "The sign-in was not accepted. Check the address, then ask the practice.") \
    X(DISPLACED, 35, "signed-in-elsewhere", "This device signed in again elsewhere; this connection ends.") \
    X(VERSION, 36, "wrong-version", "The two sides speak different versions. Update Galen.")      \
    X(NOT_HOLDER, 37, "record-not-open", "The record opens after the pharmacist has checked who you are.") \
    X(BASE, 38, "wrong-base", "The edit's base is not one its author can have had.")              \
    X(VALUE, 39, "bad-value", "The field does not take this value.")                              \
    X(OFFLINE, 40, "offline", "There is no connection now. What you wrote is kept and sent later.") \
    X(SLOW, 41, "too-slow", "The connection could not keep up and was closed. Connect again.")     \
    X(UNUSABLE, 42, "unusable-epoch", "The keys of this stretch are bad; a member renews them.")   \
    X(TOKEN, 43, "wrong-token", "The set-up token is wrong or was used. Look in the server's data folder.") \
    X(SHUTDOWN, 44, "server-stopping", "The server is stopping. It is tried again by itself.")     \
    X(IO, 45, "io-failed", "A file could not be read or written. Check the path and the disk.")   \
    X(USAGE, 46, "usage", "The command is not complete. See --help.")                            \
    X(TIMEOUT, 47, "timed-out", "There was no answer in time. Check the line and try again.")      \
    X(PERSON_JOINED, 48, "person-joined", "Somebody joined since this was written. Look who, then send it again.") \
    X(CONFLICT, 49, "in-conflict", "Two people wrote different things at once. Choose what is right, then sign.") \
    X(UNSENT, 50, "not-sent-yet", "Some of what you wrote is not with the server yet. Wait until it is, then try again.") \
    X(BEHIND, 51, "not-up-to-date", "Something came that you may not have seen. Look at the record again, then go on.") \
    X(SIGNED, 52, "not-what-was-signed", "What was signed is not what stands in this chart. Look at it together and sign again.") \
    X(NOT_LOADED, 53, "not-loaded", "This lies on the disk still. It is read now; ask again.")     \
    X(NOTHING, 54, "nothing-to-undo", "There is nothing of yours to take back. What others wrote since stays.") \
    X(FULL, 55, "text-full", "This text was changed as often as a text can be. Go on in a new record.") \
    X(CHANGED, 56, "changed-meanwhile", "The record changed while you were reading. Look at what is new, then sign again.") \
    X(PROPOSED, 57, "only-proposed", "This is only suggested so far. Accept or decline the suggestion first, then change it.") \
    X(UNDECIDED, 58, "lines-not-decided", "After the hospital stay not every medicine is decided. Decide each, or say why it is not decided yet; then sign.")
/* clang-format on */

enum galen_err {
#define X(name, number, text, help) GALEN_ERR_##name = number,
    GALEN_ERRORS(X)
#undef X
        GALEN_ERR_COUNT
};
#define GALEN_OK GALEN_ERR_OK

const char *galen_err_name(enum galen_err err);
const char *galen_err_help(enum galen_err err);

#endif
