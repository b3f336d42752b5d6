// HDF5's type and property constants are macros that call H5open(): inline functions name them for Swift.
#ifndef DEEPXML_CHDF5_SHIM_H
#define DEEPXML_CHDF5_SHIM_H
#include <hdf5.h>
#include <stdio.h>
#include <sys/types.h>

// fallocate is Linux's own, and Swift's Glibc module hides it; mode 1 is FALLOC_FL_KEEP_SIZE.
extern int fallocate(int descriptor, int mode, off_t offset, off_t length);
static inline int chdf5_reserve(int descriptor, int64_t bytes) { return fallocate(descriptor, 1, 0, (off_t)bytes); }

static inline hid_t chdf5_native_float(void) { return H5T_NATIVE_FLOAT; }
static inline hid_t chdf5_native_double(void) { return H5T_NATIVE_DOUBLE; }
static inline hid_t chdf5_native_int32(void) { return H5T_NATIVE_INT32; }
static inline hid_t chdf5_native_int64(void) { return H5T_NATIVE_INT64; }
static inline hid_t chdf5_native_uint8(void) { return H5T_NATIVE_UINT8; }
static inline hid_t chdf5_native_uint64(void) { return H5T_NATIVE_UINT64; }
static inline hid_t chdf5_c_string(void) { return H5T_C_S1; }
static inline hid_t chdf5_dataset_create(void) { return H5P_DATASET_CREATE; }
static inline hid_t chdf5_group_create(void) { return H5P_GROUP_CREATE; }
static inline hid_t chdf5_file_create(void) { return H5P_FILE_CREATE; }
static inline hid_t chdf5_file_access(void) { return H5P_FILE_ACCESS; }
static inline hid_t chdf5_default(void) { return H5P_DEFAULT; }
static inline unsigned chdf5_truncate(void) { return H5F_ACC_TRUNC; }
static inline unsigned chdf5_read_only(void) { return H5F_ACC_RDONLY; }
static inline hid_t chdf5_space_all(void) { return H5S_ALL; }

// The newest file format checksums HDF5's own metadata; the oldest, which is the default, does not.
static inline herr_t chdf5_newest_format(hid_t access) {
    return H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
}

static inline herr_t chdf5_silence(void) { return H5Eset_auto2(H5E_DEFAULT, NULL, NULL); }

struct chdf5_error_text {
    char *text;
    size_t size;
};

static inline herr_t chdf5_keep_innermost(unsigned depth, const H5E_error2_t *error, void *into) {
    struct chdf5_error_text *out = (struct chdf5_error_text *)into;
    if (depth == 0) snprintf(out->text, out->size, "%s", error->desc ? error->desc : "");
    return 0;
}

// What the innermost function of HDF5 that failed said about it.
static inline void chdf5_innermost_error(char *text, size_t size) {
    struct chdf5_error_text out = {text, size};
    text[0] = 0;
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, chdf5_keep_innermost, &out);
}
#endif
