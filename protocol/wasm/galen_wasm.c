/* The memory that JavaScript fills and reads. */
#include <stdlib.h>

__attribute__((export_name("galen_alloc"))) void *galen_alloc(size_t size);
__attribute__((export_name("galen_release"))) void galen_release(void *at);

void *galen_alloc(size_t size)
{
    return malloc(size);
}

void galen_release(void *at)
{
    free(at);
}
