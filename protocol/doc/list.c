#include "state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

bool list_reserve(struct list *list)
{
    if (list->count < list->room)
        return true;
    size_t room = list->room == 0 ? 4 : list->room * 2;
    if (room > SIZE_MAX / 2 / sizeof *list->at)
        return false;
    void **at = realloc(list->at, room * sizeof *at);
    if (at == NULL)
        return false;
    list->at = at;
    list->room = room;
    return true;
}

void list_insert(struct list *list, size_t place, void *what)
{
    assert(list->count < list->room && place <= list->count);
    memmove(list->at + place + 1, list->at + place, (list->count - place) * sizeof *list->at);
    list->at[place] = what;
    list->count++;
}

void list_add(struct list *list, void *what)
{
    list_insert(list, list->count, what);
}

void list_remove(struct list *list, size_t place)
{
    assert(place < list->count);
    list->count--;
    memmove(list->at + place, list->at + place + 1, (list->count - place) * sizeof *list->at);
}
