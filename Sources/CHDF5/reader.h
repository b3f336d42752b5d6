// How HDF5 reads the bytes of a file: plain reads, each within the file.
//
// HDF5's own driver keeps metadata that it is about to write in one piece. Version 1.10 looks for what it reads there, too, and takes an
// address that is none, as a damaged local heap may have it, for one beside the piece, which is empty: it reads from a null pointer.
// A driver that keeps none is asked for each read.
#ifndef DEEPXML_CHDF5_READER_H
#define DEEPXML_CHDF5_READER_H
#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    H5FD_t base;
    int descriptor;
    struct stat status;
    // The end of what HDF5 takes for allocated.
    haddr_t allocated;
} chdf5_reader_file;

static inline herr_t chdf5_reader_refuse(const char *problem) {
    H5Epush2(H5E_DEFAULT, __FILE__, __func__, __LINE__, H5E_ERR_CLS, H5E_IO, H5E_READERROR, "%s", problem);
    return -1;
}

// Puts what the system says where HDF5's own driver puts it: `errno = N` in the innermost error.
static inline herr_t chdf5_reader_error(const char *problem) {
    char text[256];
    snprintf(text, sizeof text, "%s: errno = %d, error message = '%s'", problem, errno, strerror(errno));
    return chdf5_reader_refuse(text);
}

static inline H5FD_t *chdf5_reader_open(const char *name, unsigned flags, hid_t access, haddr_t most) {
    (void)access, (void)most;
    chdf5_reader_file *file = flags & (H5F_ACC_RDWR | H5F_ACC_CREAT) ? NULL : (chdf5_reader_file *)calloc(1, sizeof *file);
    if (!file) return NULL;
    file->descriptor = open(name, O_RDONLY | O_CLOEXEC);
    if (file->descriptor >= 0 && fstat(file->descriptor, &file->status) == 0) return &file->base;
    chdf5_reader_error("unable to open file");
    if (file->descriptor >= 0) close(file->descriptor);
    free(file);
    return NULL;
}

static inline herr_t chdf5_reader_close(H5FD_t *base) {
    close(((chdf5_reader_file *)base)->descriptor);
    free(base);
    return 0;
}

static inline herr_t chdf5_reader_read(H5FD_t *base, H5FD_mem_t type, hid_t transfer, haddr_t address, size_t count,
                                       void *buffer) {
    (void)type, (void)transfer;
    const chdf5_reader_file *file = (const chdf5_reader_file *)base;
    char *to = (char *)buffer;
    if (address > file->allocated || count > file->allocated - address)
        return chdf5_reader_refuse("an address beyond the file");
    while (count > 0) {
        const ssize_t done = pread(file->descriptor, to, count < 1u << 30 ? count : 1u << 30, (off_t)address);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return chdf5_reader_error("file read failed");
        // What was allocated and never written is beyond the end of the file: zeros.
        if (done == 0) {
            memset(to, 0, count);
            break;
        }
        to += done, address += (haddr_t)done, count -= (size_t)done;
    }
    return 0;
}

// A driver must have one.
static inline herr_t chdf5_reader_write(H5FD_t *base, H5FD_mem_t type, hid_t transfer, haddr_t at, size_t count,
                                        const void *from) {
    (void)base, (void)type, (void)transfer, (void)at, (void)count, (void)from;
    return chdf5_reader_refuse("the file is open to be read");
}

// Whether two are one file, which HDF5 then opens once.
static inline int chdf5_reader_compare(const H5FD_t *one, const H5FD_t *other) {
    const struct stat *a = &((const chdf5_reader_file *)one)->status, *b = &((const chdf5_reader_file *)other)->status;
    if (a->st_dev != b->st_dev) return a->st_dev < b->st_dev ? -1 : 1;
    return a->st_ino == b->st_ino ? 0 : a->st_ino < b->st_ino ? -1 : 1;
}

static inline herr_t chdf5_reader_query(const H5FD_t *base, unsigned long *flags) {
    (void)base;
    *flags = H5FD_FEAT_DATA_SIEVE | H5FD_FEAT_DEFAULT_VFD_COMPATIBLE;
    return 0;
}

static inline haddr_t chdf5_reader_allocated(const H5FD_t *base, H5FD_mem_t type) {
    (void)type;
    return ((const chdf5_reader_file *)base)->allocated;
}

static inline herr_t chdf5_reader_allocate(H5FD_t *base, H5FD_mem_t type, haddr_t end) {
    (void)type;
    ((chdf5_reader_file *)base)->allocated = end;
    return 0;
}

static inline haddr_t chdf5_reader_size(const H5FD_t *base, H5FD_mem_t type) {
    (void)type;
    return (haddr_t)((const chdf5_reader_file *)base)->status.st_size;
}

// Others may read it, and none may write it. Some file systems have no locks.
static inline herr_t chdf5_reader_lock(H5FD_t *base, hbool_t writes) {
    const int descriptor = ((const chdf5_reader_file *)base)->descriptor;
    if (flock(descriptor, (writes ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0 || errno == ENOSYS || errno == ENOTSUP) return 0;
    return chdf5_reader_error("unable to lock file");
}

static inline herr_t chdf5_reader_unlock(H5FD_t *base) {
    return flock(((const chdf5_reader_file *)base)->descriptor, LOCK_UN) == 0 || errno == ENOSYS || errno == ENOTSUP ? 0 : -1;
}

// Makes a list of properties open files by this driver.
static inline herr_t chdf5_use_reader(hid_t access) {
    static const H5FD_class_t driver = {
#ifdef H5FD_CLASS_VERSION
        .version = H5FD_CLASS_VERSION,
#endif
        .name = "deepxml-reader",
        .maxaddr = ((haddr_t)1 << (8 * sizeof(off_t) - 1)) - 1,
        .fc_degree = H5F_CLOSE_WEAK,
        .open = chdf5_reader_open,
        .close = chdf5_reader_close,
        .cmp = chdf5_reader_compare,
        .query = chdf5_reader_query,
        .get_eoa = chdf5_reader_allocated,
        .set_eoa = chdf5_reader_allocate,
        .get_eof = chdf5_reader_size,
        .read = chdf5_reader_read,
        .write = chdf5_reader_write,
        .lock = chdf5_reader_lock,
        .unlock = chdf5_reader_unlock,
        .fl_map = H5FD_FLMAP_DICHOTOMY,
    };
    static hid_t registered = -1;
    if (registered < 0) registered = H5FDregister(&driver);
    return registered < 0 ? -1 : H5Pset_driver(access, registered, NULL);
}
#endif
