/* Loaded before a program that uses SQLite: all its files lose what was not synced when it dies. */
#include "support/lossy_vfs.h"

#include <stdlib.h>

__attribute__((constructor)) static void preload(void)
{
    if (!lossy_vfs_register(true))
        abort();
}
