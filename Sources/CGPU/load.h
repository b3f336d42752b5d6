// Finds a driver's functions at run time. Private: the headers in include/ say what each driver has.
#ifndef DEEPXML_LOAD_H
#define DEEPXML_LOAD_H
#include <stddef.h>

/// Opens the library `path` and puts the functions of these names, in their order, into the table `functions` of pointers.
///
/// The names from `required` on may be missing: NULL. Returns NULL, or what is missing: the loader's own words, which stay valid until
/// this thread loads again, or the name of a function. A library stays open.
const char *gpu_load(const char *path, const char *const *names, size_t count, size_t required, void *functions);
#endif
