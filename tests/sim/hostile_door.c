/*
 * A server that would have somebody hear who may not. It marks those who wait, or were sent away, as
 * let in; it shows the word by which they once were; it makes up words, with the help of the one whom
 * they would let in; and it does not say that somebody has left. One thing it may not do here: keep a
 * word that sends somebody away from staff, since nobody can know what they were never shown.
 */
#include "engine/state.h"
#include "galen/call_keys.h"
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum trick {
    TRICK_MARK,    /* nothing but the server's own word */
    TRICK_REPLAY,  /* the word by which the device was in before */
    TRICK_OWN,     /* one that the device has signed, in its own name */
    TRICK_NAME,    /* the same, in the name of staff */
    TRICK_OTHER,   /* one about somebody else */
    TRICK_CHANGE,  /* the old one, with a higher count */
    TRICK_SILENCE, /* nobody is told that it has left */
    TRICKS
};

static const char *const names[TRICKS] = {
    "marked as let in", "an old word",    "a word of their own", "a false name",
    "another's word",   "a word changed", "left unsaid",
};
static uint64_t played[TRICKS];

struct door_plot {
    struct galen_call_admission
        let_in[NODES_MAX]; /* the first word that let a home in; count 0: none */
    bool was_told[NODES_MAX]
                 [NODES_MAX]; /* [staff][who]: staff have been shown that it is sent away */
};

void door_plot_begin(struct world *world)
{
    world->door_plot = calloc(1, sizeof *world->door_plot);
    if (!world->door_plot)
        abort();
}

void door_plot_end(struct world *world)
{
    free(world->door_plot);
    world->door_plot = NULL;
}

void door_plots_report(void)
{
    for (size_t i = 0; i < TRICKS; i++)
        fprintf(stderr, "  door: %-19s %6llu times\n", names[i], (unsigned long long)played[i]);
}

static struct node *home_of(struct world *world, const struct galen_id *device)
{
    for (size_t i = 0; i < world->node_count; i++)
        if (world->nodes[i].engine && galen_id_equal(&world->nodes[i].device, device))
            return &world->nodes[i];
    return NULL;
}

static void sign_as(const struct node *node, struct galen_call_admission *word)
{
    struct galen_writer w;
    galen_writer_init(&w);
    if (galen_call_make_admission(node->engine->me.secrets.sign_seed, word, &w) != GALEN_OK ||
        galen_call_admission_read(galen_written(&w), word) != GALEN_OK)
        abort();
    galen_writer_wipe(&w);
}

/* Any word about somebody else that was heard of in this visit. */
static bool find_other(const struct world *world, const struct node *who,
                       struct galen_call_admission *word)
{
    for (size_t i = 0; i < NODES_MAX; i++)
        if (i != who->number && world->door_plot->let_in[i].count > 0) {
            *word = world->door_plot->let_in[i];
            return true;
        }
    return false;
}

/* False: this trick cannot be played now. */
static bool make_word(struct world *world, enum trick trick, const struct node *who,
                      const struct node *staff, const struct galen_frame_knocked *knocked,
                      struct galen_call_admission *word)
{
    const struct galen_call_admission *before = &world->door_plot->let_in[who->number];
    *word = (struct galen_call_admission){.chart = world->chart,
                                          .visit = knocked->visit,
                                          .device = who->device,
                                          .staff = who->device,
                                          .count = 1000,
                                          .admitted = true};
    switch (trick) {
    case TRICK_OWN:
        sign_as(who, word);
        return true;
    case TRICK_NAME:
        word->staff = staff->device;
        sign_as(who, word);
        return true;
    case TRICK_OTHER:
        return find_other(world, who, word);
    case TRICK_REPLAY:
        *word = *before;
        return before->count > 0;
    case TRICK_CHANGE:
        *word = *before;
        word->count += 1000;
        return before->count > 0;
    default:
        return false;
    }
}

static void replace(uint8_t **bytes, size_t *size, const struct galen_frame *frame)
{
    struct galen_writer w;
    galen_writer_init(&w);
    galen_frame_write(&w, frame);
    if (w.failed)
        abort();
    free(*bytes);
    *bytes = w.at; /* taken over: freed with free() like any frame */
    *size = w.size;
}

static void change_knocked(struct world *world, const struct node *staff, struct galen_frame *frame,
                           uint8_t **bytes, size_t *size)
{
    struct galen_frame_knocked *knocked = &frame->as.knocked;
    struct door_plot *plot = world->door_plot;
    struct galen_call_hello hello;
    struct galen_call_admission word, said;
    if (galen_call_hello_read(knocked->hello, &hello) != GALEN_OK)
        return;
    const struct node *who = home_of(world, &hello.device);
    if (!who)
        return;
    bool has_word = galen_call_admission_read(knocked->admission, &said) == GALEN_OK;
    if (has_word && said.admitted && plot->let_in[who->number].count == 0)
        plot->let_in[who->number] = said;
    if (knocked->admitted || (who != world->eavesdropper && chance_in(&world->chance, 500)))
        return;
    bool *was_told = &plot->was_told[staff->number][who->number];
    enum trick trick = (enum trick)chance_below(&world->chance, TRICK_SILENCE);
    if (plot->let_in[who->number].count > 0 && chance_in(&world->chance, 500))
        trick = TRICK_REPLAY;
    bool is_own = has_word && galen_id_equal(&said.staff, &staff->device);
    if (has_word && !said.admitted && !is_own && !*was_told) {
        *was_told = true;
        trick = TRICK_MARK;
    }
    struct galen_writer made;
    galen_writer_init(&made);
    if (make_word(world, trick, who, staff, knocked, &word)) {
        galen_call_admission_write(&made, &word);
        knocked->admission = galen_written(&made);
    } else {
        trick = TRICK_MARK;
    }
    knocked->admitted = true;
    played[trick]++;
    replace(bytes, size, frame);
    galen_writer_wipe(&made);
}

bool door_plot_meddle(struct world *world, const struct link *link, uint8_t **bytes, size_t *size)
{
    struct galen_frame frame;
    const struct node *ear = world->eavesdropper;
    if (!world->door_plot || link->purpose != GALEN_CONNECTION_LIVE || *size == 0 ||
        ((*bytes)[0] != GALEN_FRAME_KNOCKED && (*bytes)[0] != GALEN_FRAME_LEFT) ||
        galen_frame_read((struct galen_bytes){*bytes, *size}, &frame) != GALEN_OK)
        return true;
    if (frame.type == GALEN_FRAME_KNOCKED) {
        change_knocked(world, &world->nodes[link->node], &frame, bytes, size);
        return true;
    }
    bool swallowed = ear && galen_id_equal(&frame.as.left.device, &ear->device);
    played[TRICK_SILENCE] += swallowed ? 1 : 0;
    return !swallowed;
}
