#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REPLAY_EVERY 40 /* seeds; every such one is run twice, and must be the same story */

static void clean(const char *directory)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    char path[300];
    for (int i = 0; i < SERVERS_MAX; i++)
        for (size_t k = 0; k < 3; k++) {
            snprintf(path, sizeof path, "%s/server%d.db%s", directory, i, ends[k]);
            unlink(path);
        }
}

/* False: it failed. `hash` is that of everything that happened. */
static bool run_seed(uint64_t seed, const char *directory, bool trace, uint64_t *hash)
{
    struct world *world = world_new(seed, directory, trace);
    story_run(world);
    if (!world->failure[0])
        check_all(world);
    bool ok = !world->failure[0];
    *hash = world->trace_hash;
    if (!ok)
        printf("seed %llu (%s): %s\n", (unsigned long long)seed, server_plot_name(world),
               world->failure);
    world_free(world);
    clean(directory);
    return ok;
}

/* One seed is one story, whatever ran before it: else a failure would not replay. */
static bool replays(uint64_t seed, const char *directory, uint64_t hash)
{
    uint64_t again;
    (void)run_seed(seed, directory, false, &again);
    if (again != hash)
        printf("seed %llu: the same seed tells two stories\n", (unsigned long long)seed);
    return again == hash;
}

static const char help[] =
    "usage: sim [--seed N | --from N --count N] [--trace]\n"
    "\n"
    "Runs a practice with real engines and a real hub on a virtual clock, over lines that delay,\n"
    "break and swallow, with crashes on both sides, each seed another story.\n"
    "\n"
    "  --seed N     one seed, to replay what failed (with --trace: says what happens)\n"
    "  --from N     the first of several seeds (1)\n"
    "  --count N    how many (300)\n";

int main(int argc, char **argv)
{
    uint64_t from = 1, count = 300;
    bool trace = false;
    for (int i = 1; i < argc; i++) {
        bool more = i + 1 < argc;
        if (strcmp(argv[i], "--seed") == 0 && more) {
            from = strtoull(argv[++i], NULL, 10);
            count = 1;
        } else if (strcmp(argv[i], "--from") == 0 && more) {
            from = strtoull(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--count") == 0 && more) {
            count = strtoull(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--trace") == 0) {
            trace = true;
        } else {
            fputs(help, strcmp(argv[i], "--help") == 0 ? stdout : stderr);
            return strcmp(argv[i], "--help") == 0 ? 0 : 2;
        }
    }
    if (!galen_crypto_start())
        return 1;
    char directory[] = "/dev/shm/galen-sim-XXXXXX";
    if (!mkdtemp(directory)) {
        perror("sim: cannot make a folder in /dev/shm");
        return 1;
    }
    uint64_t failed = 0;
    for (uint64_t seed = from; seed < from + count; seed++) {
        uint64_t hash;
        bool ok = run_seed(seed, directory, trace, &hash);
        if (count > 1 && (!ok || (seed - from) % REPLAY_EVERY == 0))
            ok = replays(seed, directory, hash) && ok;
        failed += ok ? 0 : 1;
        if (count == 1)
            printf("trace %016llx\n", (unsigned long long)hash);
        if (count > 1 && (seed - from + 1) % 50 == 0)
            fprintf(stderr, "%llu of %llu seeds, %llu failed\n",
                    (unsigned long long)(seed - from + 1), (unsigned long long)count,
                    (unsigned long long)failed);
    }
    rmdir(directory);
    if (count > 1) {
        plots_report();
        copies_report();
        visits_report();
        door_plots_report();
    }
    printf("%llu seeds, %llu failed\n", (unsigned long long)count, (unsigned long long)failed);
    return failed > 0;
}
