import CHDF5
import Foundation
import Glibc
import Support

/// An open HDF5 file. Threads may use different files, or the same one, at the same time: calls wait for each other.
///
/// The newest file format is written (HDF5 1.10 and later, h5py), because it checksums the library's own metadata.
/// Writers must `close()`: the last bytes go out there, and a full disk shows there; deinit alone tells nobody.
public struct H5File: ~Copyable {
    public let path: String
    let writing: Bool
    private(set) var id: hid_t

    /// A new file, in place of one that may be there.
    ///
    /// - Throws: `Failure`: `.usage` where we may not write, `.outOfResources` where the disk is full.
    public init(creating path: String) throws {
        let place = H5Place(path: path, writing: true)
        id = try H5Library.exclusively {
            let access = try place.check(H5Pcreate(chdf5_file_access()), "prepare the file")
            defer { H5Pclose(access) }
            try place.check(chdf5_newest_format(access), "choose the file format")
            let creation = try place.timelessProperties(chdf5_file_create())
            defer { H5Pclose(creation) }
            return try place.check(H5Fcreate(path, chdf5_truncate(), creation, access), "create the file")
        }
        self.path = path
        writing = true
    }

    /// An existing file, to read.
    ///
    /// - Parameter isOurs: the file should be one that this program wrote. Formats before the newest are then refused: their metadata
    ///   have no checksums, and the library reads beyond its memory where they are damaged.
    /// - Throws: `Failure`: `.usage` where there is none or we may not read it, `.damagedCheckpoint` where it is cut
    ///   short or no HDF5 file.
    public init(opening path: String, isOurs: Bool = false) throws {
        let place = H5Place(path: path, writing: false)
        if isOurs, let head = try? FileHandle(forReadingAtPath: path)?.read(upToCount: 9), head.count < 9 || head[8] < 2 {
            throw place.failure("open the file", said: "no superblock of version 2 or 3, which this program writes")
        }
        id = try H5Library.exclusively {
            let access = try place.check(H5Pcreate(chdf5_file_access()), "prepare to open the file")
            defer { H5Pclose(access) }
            try place.check(chdf5_use_reader(access), "prepare to open the file")
            return try place.check(H5Fopen(path, chdf5_read_only(), access), "open the file")
        }
        self.path = path
        writing = false
    }

    deinit {
        if id >= 0 { H5Library.exclusively { _ = H5Fclose(id) } }
    }

    /// Writes out what HDF5 still holds and closes the file.
    public consuming func close() throws {
        let closing = id
        id = -1
        let place = place()
        _ = try H5Library.exclusively { try place.check(H5Fclose(closing), "close the file") }
    }

    func place(_ object: String = "") -> H5Place { H5Place(path: path, object: object, writing: writing) }

    /// Takes `bytes` of disk for the file at `path` now, so that a full disk shows before gigabytes are written.
    static func reserve(_ path: String, bytes: Int) throws {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        if descriptor < 0 { throw Failure.system(errno, "the file cannot be opened", path) }
        defer { Glibc.close(descriptor) }
        if chdf5_reserve(descriptor, Int64(max(1, bytes))) != 0, errno == ENOSPC || errno == EDQUOT {
            throw Failure.system(errno, "\(bytes) bytes cannot be reserved", path)
        }
    }
}
