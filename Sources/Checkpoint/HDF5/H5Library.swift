import CHDF5
import Foundation
import Support

/// All access to HDF5 goes through here: a serial library keeps global state, some builds of it without locks, and ranks may be threads
/// of one process, so every sequence of its calls runs alone.
enum H5Library {
    private static let lock = NSLock()
    /// Must come before the first call. Nothing is lost: writers close their files, and say what fails then.
    private static let leftOpenAtExit = chdf5_leave_open_at_exit()

    static func exclusively<Result>(_ body: () throws -> Result) rethrows -> Result {
        lock.lock()
        defer { lock.unlock() }
        _ = leftOpenAtExit
        // HDF5 prints its error stack to stderr by default; ours goes into a `Failure`. Debian's build, which has a lock
        // of its own, keeps this setting for each thread.
        _ = chdf5_silence()
        chdf5_refuse_plugins()
        return try body()
    }
}

/// Where a call to HDF5 stands, for its error: the file, the object in it, and whether we write.
struct H5Place {
    var path: String
    var object = ""
    var writing: Bool

    /// Passes on what a call gave, or throws what HDF5 says went wrong. The library's lock is held.
    @discardableResult
    func check<Status: SignedInteger>(_ status: Status, _ doing: String) throws -> Status {
        if status >= 0 { return status }
        throw failure(doing, said: Self.innermostError())
    }

    /// Properties of a new file, group or dataset that keeps no time of writing: the same content gives the same bytes.
    func timelessProperties(_ kind: hid_t) throws -> hid_t {
        let properties = try check(H5Pcreate(kind), "prepare")
        try check(H5Pset_obj_track_times(properties, false), "prepare")
        return properties
    }

    private static func innermostError() -> String {
        var text = [CChar](repeating: 0, count: 1024)
        chdf5_innermost_error(&text, text.count)
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// A pattern would be compiled for each message: a thousand times the work.
    private static func systemError(in said: String) -> Int32? {
        let mark = Array("errno = ".utf8), bytes = Array(said.utf8)
        for start in bytes.indices where bytes[start...].starts(with: mark) {
            let digits = bytes[(start + mark.count)...].prefix { (48...57).contains($0) }
            if !digits.isEmpty { return Int32(String(decoding: digits, as: UTF8.self)) }
        }
        return nil
    }

    /// HDF5 hides the system's error in a sentence: `…, errno = 28, error message = 'No space left on device', …`.
    func failure(_ doing: String, said: String) -> Failure {
        let what = object.isEmpty ? "HDF5 could not \(doing)" : "HDF5 could not \(doing) '\(object)'"
        if let code = Self.systemError(in: said) { return .system(code, what, path) }
        if writing {
            return Failure(.outOfResources, what, at: path, found: said, advice: "see whether the disk is in order")
        }
        return Failure(
            .damagedCheckpoint, what, at: path, found: said, advice: "delete the file, or start over with --fresh")
    }
}
