/*
 * bench-load: puts a load on galend or on bare-relay and prints what came of it. tests/bench/relay,
 * append and idle start it.
 */
#include "load.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static const struct option long_options[] = {
    {"ca", required_argument, NULL, 'c'},
    {"port", required_argument, NULL, 'p'},
    {"pid", required_argument, NULL, 'i'},
    {"token", required_argument, NULL, 't'},
    {"rooms", required_argument, NULL, 'r'},
    {"links", required_argument, NULL, 'l'},
    {"seconds", required_argument, NULL, 's'},
    {"in-flight", required_argument, NULL, 'f'},
    {"entries", required_argument, NULL, 'e'},
    {"bare", no_argument, NULL, 'b'},
    {NULL, 0, NULL, 0},
};

static int usage(void)
{
    fputs("usage: bench-load relay|append|idle --ca FILE --port N --pid N (--bare | --token FILE)\n"
          "           [--rooms N] [--in-flight N] [--entries N] [--links N] [--seconds N]\n",
          stderr);
    return 2;
}

int main(int argc, char **argv)
{
    struct load_options options = {.seconds = 5, .rooms = 100, .links = 1000, .in_flight = 50};
    for (int letter; (letter = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
        switch (letter) {
        case 'c':
            options.ca = optarg;
            break;
        case 'p':
            options.port = atoi(optarg);
            break;
        case 'i':
            options.pid = atoi(optarg);
            break;
        case 't':
            options.token = optarg;
            break;
        case 'r':
            options.rooms = strtoul(optarg, NULL, 10);
            break;
        case 'l':
            options.links = strtoul(optarg, NULL, 10);
            break;
        case 's':
            options.seconds = strtod(optarg, NULL);
            break;
        case 'f':
            options.in_flight = strtoul(optarg, NULL, 10);
            break;
        case 'e':
            options.entries = strtoul(optarg, NULL, 10);
            break;
        case 'b':
            options.bare = true;
            break;
        default:
            return usage();
        }
    }
    if (optind != argc - 1 || !options.ca || !options.port || !options.pid ||
        options.bare == (options.token != NULL))
        return usage();
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    const char *name = argv[optind];
    if (strcmp(name, "relay") == 0)
        load_relay(&options);
    else if (strcmp(name, "append") == 0 && !options.bare)
        load_append(&options);
    else if (strcmp(name, "idle") == 0)
        load_idle(&options);
    else
        return usage();
    return EXIT_SUCCESS;
}
