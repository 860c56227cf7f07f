/*
 * An SQLite VFS that stands for a machine that loses its power: what was written and not synced is
 * kept in this process alone, and is gone when the process dies; the real files have what was synced
 * and nothing else. It can also be full, or fail to sync. Locks and shared memory are the system's own.
 */
#ifndef TESTS_LOSSY_VFS_H
#define TESTS_LOSSY_VFS_H

#include <stdbool.h>
#include <stddef.h>

#define LOSSY_VFS "galen-lossy"

/** Registers the VFS under LOSSY_VFS, and as the default if asked to. False: SQLite refused. */
bool lossy_vfs_register(bool as_default);
/** While true, nothing that would make a file larger can be written. */
void lossy_vfs_set_full(bool full);
/** While true, syncing fails. */
void lossy_vfs_set_broken(bool broken);
/** Syncs so far, to see that there are any. */
size_t lossy_vfs_syncs(void);

#endif
