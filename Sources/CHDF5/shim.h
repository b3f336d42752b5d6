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

// Filters that HDF5 brings along: a file must not make the library look for others' code.
static inline void chdf5_refuse_plugins(void) { H5PLset_loading_state(0); }

// What leads out of the file that `path` is opened in: 'l', a link that is not the object itself; 0, nothing; 'e', an error.
static inline int chdf5_link_leads_out(hid_t file, const char *path) {
    H5L_info_t info;
    if (H5Lget_info(file, path, &info, H5P_DEFAULT) < 0) return 'e';
    return info.type == H5L_TYPE_HARD ? 0 : 'l';
}

// What makes the elements of a dataset come from elsewhere than its own chunks: 'x', other files; 'v', a virtual layout; 'f', a filter
// that is not deflate, shuffle or Fletcher-32; 0, nothing; 'e', an error.
static inline int chdf5_data_leads_out(hid_t dataset) {
    const hid_t properties = H5Dget_create_plist(dataset);
    if (properties < 0) return 'e';
    const int files = H5Pget_external_count(properties), filters = H5Pget_nfilters(properties);
    int found = files < 0 || filters < 0 ? 'e' : files > 0 ? 'x' : H5Pget_layout(properties) == H5D_VIRTUAL ? 'v' : 0;
    for (int i = 0; i < filters && found == 0; i++) {
        unsigned flags = 0;
        size_t values = 0;
        const H5Z_filter_t filter = H5Pget_filter2(properties, (unsigned)i, &flags, &values, NULL, 0, NULL, NULL);
        if (filter < 0) found = 'e';
        else if (filter != H5Z_FILTER_DEFLATE && filter != H5Z_FILTER_SHUFFLE && filter != H5Z_FILTER_FLETCHER32) found = 'f';
    }
    H5Pclose(properties);
    return found;
}

// Without it the library closes at exit what is still open, and ends the process by a signal where a damaged file could not be closed.
static inline herr_t chdf5_leave_open_at_exit(void) { return H5dont_atexit(); }

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
