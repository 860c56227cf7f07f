/* Every bound of the protocol, in one place (PROTOCOL.md, "Limits"). */
#ifndef GALEN_LIMITS_H
#define GALEN_LIMITS_H

#define GALEN_VERSION                              1
#define GALEN_SUITE_X25519_SHA256_CHACHA20POLY1305 1

#define GALEN_CHAIN_MAX           6  /* certificates in a chain (C1) */
#define GALEN_MEMBERS_MAX         64 /* devices a chart (C6) */
#define GALEN_MEMBERS_OTHERS_MAX  48 /* of them not staff or custodian: 16 places are kept */
#define GALEN_ACCOUNT_DEVICES_MAX 8  /* devices of one account in a chart */
#define GALEN_STATEMENTS_MAX      16 /* enclosed in one epoch entry */
#define GALEN_CHAINS_MAX          (GALEN_MEMBERS_MAX + GALEN_STATEMENTS_MAX) /* and their chains */
#define GALEN_LINKS_MAX           8 /* old history secrets in one epoch entry */

#define GALEN_MESSAGE_MAX      (16u * 1024)        /* bytes of UTF-8 in a message */
#define GALEN_TEXT_POINTS_MAX  (64u * 1024)        /* code points in a text field */
#define GALEN_TEXT_HISTORY_MAX (32u * 1024 * 1024) /* bytes of all that was ever inserted in one */
#define GALEN_TEXT_EDITS_MAX   0x7ffffff0u         /* edits of one */
#define GALEN_LINE_POINTS_MAX  500  /* code points in a one-line value or a regimen's part */
#define GALEN_WRITE_FIELDS_MAX 64   /* fields in one write or proposal */
#define GALEN_UNDO_PASSED_MAX  64   /* changes passed over to find one that can be undone */
#define GALEN_NOTE_MAX         1024 /* bytes: which identifiers were checked, a visit's note */
#define GALEN_ASSERTION_MAX    1024 /* bytes: a passkey's word under a sign-off */
#define GALEN_BODY_MAX         (256u * 1024) /* sealed or clear body of one entry */
#define GALEN_PLAIN_MAX        (192u * 1024) /* operation before padding */
#define GALEN_FRAME_MAX        (512u * 1024) /* one WebSocket message */
#define GALEN_LIVE_FRAME_MAX   2048          /* one media frame */
#define GALEN_DRAFT_MAX        (8u * 1024)   /* a draft before sealing (D5) */
#define GALEN_DRAFT_TAG_BYTES  8             /* by which the text it was made of is found */
#define GALEN_DRAFTS_MAX                                                                           \
    16 /* of texts, that a device keeps to show; the one not heard longest goes */
#define GALEN_DRAFT_PAST_MAX 16 /* others' last edits without which that text is looked for */
#define GALEN_DRAFT_HISTORY_MAX                                                                    \
    50000 /* splices of its history; nothing is looked for in a longer one */
#define GALEN_RELAYED_MAX       (9u * 1024) /* a sealed draft or presence on the wire */
#define GALEN_HOST_NAME_MAX     255
#define GALEN_TOKEN_MAX         64
#define GALEN_ENTRIES_PER_FRAME 256
#define GALEN_HEADS_PER_FRAME   GALEN_MEMBERS_MAX
#define GALEN_CHARTS_MAX        4096 /* charts one device belongs to, and follows */
#define GALEN_PARTICIPANTS_MAX  16   /* admitted to one visit */
#define GALEN_KNOCKING_MAX      (GALEN_PARTICIPANTS_MAX * 2) /* that staff see at the door or inside */
#define GALEN_ADMISSIONS_MAX    128 /* devices of one visit about which there is a word of staff */
#define GALEN_VISITS_KEPT       8   /* visits whose words of staff a device remembers, the latest */

#define GALEN_CLOCK_SKEW_MS      (10u * 60 * 1000) /* what an honest clock may be off (L7) */
#define GALEN_DAY_MS             (24ull * 60 * 60 * 1000)
#define GALEN_STAFF_SPAN_MS      (90 * GALEN_DAY_MS)
#define GALEN_PERSON_SPAN_MS     (3653 * GALEN_DAY_MS) /* ten years: membership ends by dropping */
#define GALEN_INVITATION_SPAN_MS (7 * GALEN_DAY_MS)
#define GALEN_CODE_SPAN_MS       (10ull * 60 * 1000)
#define GALEN_HEAD_EVERY_MS      2000 /* a device signs a head at most this often */
#define GALEN_DRAFT_SHOW_MS      40   /* what a device types in texts is shown at most this often */
#define GALEN_DRAFT_SEARCH_MS                                                                      \
    250 /* the text of a device's drafts is looked for in the past at most this often */
#define GALEN_DRAFT_LOST_MS                                                                        \
    2000 /* what was shown of a device's drafts stays while the next is not found */

_Static_assert(GALEN_PLAIN_MAX + GALEN_PLAIN_MAX / 8 + 64 < GALEN_BODY_MAX,
               "padding fits the body");
_Static_assert(GALEN_BODY_MAX + 1024 < GALEN_FRAME_MAX, "an entry fits a frame");
_Static_assert(GALEN_DRAFT_MAX + 512 <= GALEN_RELAYED_MAX, "a sealed draft fits its frame");

#endif
