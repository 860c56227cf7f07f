/* The steps of fuzz_hub's input: step u8, line u8, size u16, bytes. */
#ifndef TESTS_HUB_STEPS_H
#define TESTS_HUB_STEPS_H

#define HUB_STEP_LINES  24
#define HUB_STEP_NOW_MS 1800000000000u

enum hub_step {
    HUB_STEP_CONNECT = 1,
    HUB_STEP_SEND = 2, /* one frame */
    HUB_STEP_DRAIN = 3,
    HUB_STEP_LEAVE = 4,
    HUB_STEP_COMMIT = 5, /* any bytes: the disk is full */
    HUB_STEP_PASS = 6,   /* u32, milliseconds */
    HUB_STEP_RESTART = 7,
};

#endif
