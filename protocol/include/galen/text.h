/*
 * A text that several people edit: plain text and the history of its edits, merged by replay (PROTOCOL.md,
 * "Text"; after Gentle and Kleppmann, "Collaborative Text Editing with Eg-walker", 2024). Positions and
 * lengths are code points. No clock, no random source, no keys: the same edits in the same order give the
 * same text for everybody.
 */
#ifndef GALEN_TEXT_H
#define GALEN_TEXT_H

#include "galen/codec.h"
#include "galen/limits.h"

struct galen_text; /* opaque */

#define GALEN_TEXT_LENGTH_MAX 0x3fffffffu /* code points in it; what splices may count up to */

/** One replacement. `inserted` is well-formed UTF-8, borrowed. */
struct galen_splice {
    uint32_t at;
    uint32_t deleted;
    struct galen_bytes inserted;
};

/**
 * One edit. Edits are numbered 0, 1, 2 … in the order in which they are applied, which is the log's.
 * Its past is what its author had in front of them: the first `seen` edits, and those of its own device
 * before it. Devices are any numbers that tell them apart. `splices` are applied one after the other, each
 * to what those before it left.
 *
 * `as_of`: the splices were made by `author`, who had seen `author_seen` edits and those of its own below
 * `own`, and `device`, whose edit it is for everybody, took them over (an accepted proposal). `device` had seen
 * what the author had.
 */
struct galen_edit {
    uint32_t device;
    uint32_t seen;
    bool as_of;
    uint32_t author, author_seen, own; /* only with as_of */
    const struct galen_splice *splices;
    size_t count;
};

/** An empty text without history. NULL: out of memory. */
struct galen_text *galen_text_new(void);
void galen_text_free(struct galen_text *text);

/**
 * Applies the next edit. OK; MEMORY; VALUE: a position that is not in the text its author had in front of
 * them, or one that would have grown beyond `limit` code points (0: only GALEN_TEXT_LENGTH_MAX), or a past
 * that `device` had not seen; FULL: its history is (galen_text_has_room). After an error nothing has
 * changed.
 */
GALEN_MUST_USE enum galen_err galen_text_apply(struct galen_text *text,
                                               const struct galen_edit *edit, uint32_t limit);
/** The verdict of galen_text_apply alone. `text` NULL: an empty one without history. */
GALEN_MUST_USE enum galen_err galen_text_check(struct galen_text *text,
                                               const struct galen_edit *edit, uint32_t limit);
/** All of galen_text_apply that can fail; the text stays as it is until one of the next two is called.
 *  Borrows what is inserted until then. */
GALEN_MUST_USE enum galen_err galen_text_prepare(struct galen_text *text,
                                                 const struct galen_edit *edit, uint32_t limit);
/** `gone`, if there is one: what is deleted by each of galen_text_changes is appended, one after the other. */
void galen_text_commit(struct galen_text *text, struct galen_writer *gone);
void galen_text_abort(struct galen_text *text);

/** Would one more edit, which inserts so many bytes, stay within GALEN_TEXT_HISTORY_MAX and _EDITS_MAX? */
bool galen_text_has_room(const struct galen_text *text, size_t bytes);

uint32_t galen_text_edits(const struct galen_text *text);  /* edits so far */
uint32_t galen_text_length(const struct galen_text *text); /* code points */
size_t galen_text_size(const struct galen_text *text);     /* bytes */
/** Appends what the text says now. */
void galen_text_say(const struct galen_text *text, struct galen_writer *w);

/**
 * What the last edit came to: splices to the text as it was before, one after the other. Borrowed until the
 * next edit; `inserted` is gone, only how many code points it had is known.
 */
struct galen_text_change {
    uint32_t at, deleted, inserted;
};
const struct galen_text_change *galen_text_changes(const struct galen_text *text, size_t *count);
/**
 * Where a cursor, or an end of a selection, that stood at `position` stands after the changes. What is
 * inserted just there stands before it if `stays_behind`, else after it.
 */
uint32_t galen_text_move(uint32_t position, bool stays_behind,
                         const struct galen_text_change *changes, size_t count);

/** Which edits of a text: chosen[i] for edit i, i < count. */
struct galen_text_choice {
    const bool *chosen;
    size_t count;
};
/**
 * Splices, one after the other, that take the chosen edits back from what the text says now: what they
 * inserted and is still there goes, what only they deleted comes back where it was. Others' words stay.
 * `splices` is the caller's; freed with galen_splices_free. MEMORY.
 */
struct galen_splices {
    struct galen_splice *at;
    size_t count;
    uint8_t *bytes; /* what they insert */
};
void galen_splices_free(struct galen_splices *splices);
GALEN_MUST_USE enum galen_err galen_text_undo(struct galen_text *text,
                                              struct galen_text_choice choice,
                                              struct galen_splices *splices);
/** The same for one choice after the other: the history, of which most of the work comes, is gone through once.
 *  Good until the text's next edit. OK; FORMAT; MEMORY; FULL: it has more than `most` splices, where what was typed in a
 *  row is one. */
struct galen_text_past; /* opaque */
GALEN_MUST_USE enum galen_err galen_text_past_new(struct galen_text *text, size_t most,
                                                  struct galen_text_past **past);
void galen_text_past_free(struct galen_text_past *past);
GALEN_MUST_USE enum galen_err galen_text_past_undo(const struct galen_text_past *past,
                                                   struct galen_text_choice choice,
                                                   struct galen_splices *splices);

/**
 * What `edit` would come to as the next one: splices, one after the other, to what the text says now. The text
 * stays as it is. `splices` and errors are those of galen_text_undo and galen_text_apply.
 */
GALEN_MUST_USE enum galen_err galen_text_preview(struct galen_text *text,
                                                 const struct galen_edit *edit,
                                                 struct galen_splices *splices);

/**
 * An edit that makes `before` into `after`, both well-formed: splices, one after the other. Words that stay
 * are found first; between them as few code points change as will do, but a word that changes in several
 * places is changed from the first of them to the last, and a number with all that it runs into and a space
 * beside it, so that no two people's changes make a number that nobody wrote. MEMORY.
 */
GALEN_MUST_USE enum galen_err galen_text_difference(struct galen_bytes before,
                                                    struct galen_bytes after,
                                                    struct galen_splices *splices);

/**
 * The same for somebody who made `after` of `before` while the text became `now`: splices, one after the
 * other, to `now`. A word of one that would grow together with a word of the other, where a space between
 * them was taken out, keeps a space. MEMORY.
 */
GALEN_MUST_USE enum galen_err galen_text_merge(struct galen_bytes before, struct galen_bytes after,
                                               struct galen_bytes now,
                                               struct galen_splices *splices);

/** Appends what `text`, well-formed, says with the splices in it. OK; MEMORY; VALUE: as galen_text_apply. */
GALEN_MUST_USE enum galen_err galen_text_spliced(struct galen_bytes text,
                                                 const struct galen_splices *splices,
                                                 struct galen_writer *w);

/*
 * Splices as they stand in an operation: for each, how many code points stay as they are since the one
 * before, how many go, and what comes in their place.
 *
 *     struct { uint32 kept; uint32 deleted; opaque inserted<V>; } Splice;
 *
 * Each does something, and only the first may keep nothing, so that one edit has one encoding. None at all
 * changes nothing.
 */
/** Appends the encoding. `splices` are one after the other, each behind what the one before inserted. */
void galen_splices_write(struct galen_writer *w, const struct galen_splice *splices, size_t count);
/** OK; VALUE: not such an encoding, or text that galen_text_ok refuses. */
GALEN_MUST_USE enum galen_err galen_splices_check(struct galen_bytes in);
/** Reads what galen_splices_check finds OK; what they insert is borrowed from `in`. OK, VALUE, MEMORY. */
GALEN_MUST_USE enum galen_err galen_splices_read(struct galen_bytes in,
                                                 struct galen_splices *splices);

/**
 * A text with its history as bytes, packed, and back. For a device's own storage: what others send comes
 * as edits. The history is looked into when it is first needed: then galen_text_check, _prepare, _apply and
 * _undo say FORMAT if it was spoiled, and galen_text_save fails the writer. Load: OK; FORMAT; MEMORY.
 */
void galen_text_save(struct galen_text *text, struct galen_writer *w);
GALEN_MUST_USE enum galen_err galen_text_load(struct galen_bytes in, struct galen_text **text);

#endif
