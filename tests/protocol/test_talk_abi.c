/* protocol/wasm/talk_abi.c: what a host may pass in by mistake. Speech goes through it in tests/web. */
#include "wasm/galen_talk_wasm.h"

#include "galen/base.h"
#include "support/allocator.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static struct galen_talk_io *io;

static void set_up(void)
{
    io = galen_talk_wasm_io();
    cr_assert_eq(galen_talk_wasm_open(), GALEN_OK);
}

static void tear_down(void)
{
    galen_talk_wasm_close();
}

TestSuite(talk_abi, .init = set_up, .fini = tear_down);

Test(talk_abi, nothing_is_done_before_it_is_open)
{
    galen_talk_wasm_close();
    galen_talk_wasm_close();
    cr_assert_eq(galen_talk_wasm_mute(1), GALEN_ERR_STATE);
    cr_assert_eq(galen_talk_wasm_encode(), GALEN_ERR_STATE);
    cr_assert_eq(galen_talk_wasm_put(0, 0), GALEN_ERR_STATE);
    cr_assert_eq(galen_talk_wasm_gone(), GALEN_ERR_STATE);
    cr_assert_eq(galen_talk_wasm_take(0, 128), GALEN_ERR_STATE);
    cr_assert_eq(galen_talk_wasm_look(), GALEN_ERR_STATE);
}

Test(talk_abi, open_again_begins_anew)
{
    cr_assert_eq(galen_talk_wasm_put(1, 0), GALEN_OK);
    cr_assert_eq(galen_talk_wasm_look(), GALEN_OK);
    cr_assert_eq(io->speakers, 1);
    cr_assert_eq(galen_talk_wasm_open(), GALEN_OK);
    cr_assert_eq(galen_talk_wasm_look(), GALEN_OK);
    cr_assert(io->speakers == 0 && io->received == 0);
    cr_assert_eq(galen_talk_wasm_io(), io, "it stays where it is");
}

Test(talk_abi, no_more_is_taken_than_there_is_room_for)
{
    cr_assert_eq(galen_talk_wasm_take(0, 0), GALEN_ERR_VALUE);
    cr_assert_eq(galen_talk_wasm_take(0, GALEN_TALK_SAMPLES + 1), GALEN_ERR_VALUE);
    cr_assert_eq(galen_talk_wasm_take(0, UINT32_MAX), GALEN_ERR_VALUE);
    cr_assert_eq(galen_talk_wasm_take(0, GALEN_TALK_SAMPLES), GALEN_OK);
}

Test(talk_abi, times_and_numbers_that_are_none_harm_nothing)
{
    const double odd[] = {NAN, INFINITY, -INFINITY, -1, 0.5, 1e300, 9007199254740993.0};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        for (size_t k = 0; k < sizeof odd / sizeof *odd; k++) {
            (void)galen_talk_wasm_put(odd[i], odd[k]);
            cr_assert_eq(galen_talk_wasm_take(odd[i], 128), GALEN_OK);
        }
    cr_assert_eq(galen_talk_wasm_look(), GALEN_OK);
    cr_assert_eq(io->speakers, 1);
}

Test(talk_abi, samples_that_are_no_sound_are_clipped_or_silent)
{
    const struct {
        float sample;
        uint32_t level;
    } cases[] = {{0, 0},        {NAN, 0},          {1, 32767},         {-1, 32767},
                 {2, 32767},    {INFINITY, 32767}, {-INFINITY, 32767}, {0.5F, 16383},
                 {-0.5F, 16383}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (size_t k = 0; k < GALEN_TALK_SAMPLES; k++)
            io->samples[k] = cases[i].sample;
        cr_assert_eq(galen_talk_wasm_encode(), GALEN_OK);
        cr_assert_eq(galen_talk_wasm_look(), GALEN_OK);
        cr_assert_eq(io->own_level, cases[i].level, "%f: %u", (double)cases[i].sample,
                     io->own_level);
    }
}

Test(talk_abi, every_allocation_may_fail)
{
    for (size_t nth = 1;; nth++) {
        galen_talk_wasm_close();
        allocator_fail(nth);
        uint32_t err = galen_talk_wasm_open();
        if (err == GALEN_OK)
            err = galen_talk_wasm_put(1, 0);
        bool failed = allocator_failed();
        allocator_fail(0);
        cr_assert_eq(err, failed ? GALEN_ERR_MEMORY : GALEN_OK);
        if (!failed)
            break;
    }
}
