import CHDF5
import Checkpoint
import Foundation
import Support

/// Whether the work folder can hold checkpoints and results.
struct FolderChecks {
    let machine: Machine
    let folder: String
    /// Of no other process or thread, on this node or another, that looks at the same folder.
    private let trialFile: String

    init(machine: Machine, folder: String) {
        (self.machine, self.folder) = (machine, folder)
        trialFile = "\(folder)/.deepxml-doctor-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
    }

    func all() -> [Diagnosis] {
        guard FileManager.default.fileExists(atPath: folder) else {
            return [.fail("work folder", "\(folder) does not exist", "mkdir -p \(folder), or name another by --work")]
        }
        return [space(), writing(), locking(), hdf5()]
    }

    private func space() -> Diagnosis {
        guard let space = machine.space(folder) else {
            return .warn("disk space", "the system does not say", "nothing: watch the disk while it trains")
        }
        let found = "\(Quantity.bytes(space.free)) free in \(folder)"
        if space.free < 100 << 20 { return .fail("disk space", found, "free some, or name another folder by --work") }
        if space.free >= 5 << 30 { return .ok("disk space", found) }
        return .warn("disk space", found, "a learner keeps its checkpoints there: see --dry-run for the size of the model")
    }

    /// What every checkpoint does: write to a temporary, fsync, rename, fsync of the folder.
    private func writing() -> Diagnosis {
        let path = trialFile
        defer { unlink(path) }
        do {
            try AtomicFile.write(path, Data(repeating: 1, count: 1 << 16))
            guard try CRC32.ofFile(path).bytes == 1 << 16 else {
                return .fail("writing", "a file in \(folder) came back shorter than it was written", "use another folder")
            }
            return .ok("writing", "write, fsync and rename work in \(folder)")
        } catch {
            return .fail("writing", Failure.short(error), (error as? Failure)?.advice ?? "use another folder by --work")
        }
    }

    private func locking() -> Diagnosis {
        let path = "\(trialFile).lock"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return .fail("file locks", String(cString: strerror(errno)), "see the line above") }
        defer {
            close(descriptor)
            unlink(path)
        }
        let whole = flock(descriptor, LOCK_EX | LOCK_NB) == 0 ? nil : String(cString: strerror(errno))
        var range = Glibc.flock()
        range.l_type = Int16(F_WRLCK)
        let part = fcntl(descriptor, F_SETLK, &range) == 0 ? nil : String(cString: strerror(errno))
        if let problem = whole ?? part {
            let how = whole == nil ? "fcntl" : "flock"
            if isUnlocked { return .ok("file locks", "\(how) fails (\(problem)), and HDF5 is told to do without") }
            return .fail("file locks", "\(how): \(problem)", "export HDF5_USE_FILE_LOCKING=FALSE for every rank (mpirun -x)")
        }
        return .ok("file locks", "flock and fcntl work in \(folder)")
    }

    private var isUnlocked: Bool { machine.environment["HDF5_USE_FILE_LOCKING"]?.uppercased() == "FALSE" }

    private func hdf5() -> Diagnosis {
        var (major, minor, release) = (UInt32(0), UInt32(0), UInt32(0))
        H5get_libversion(&major, &minor, &release)
        let name = "\(major).\(minor).\(release)", path = "\(trialFile).h5"
        defer { unlink(path) }
        do {
            let file = try H5File(creating: path)
            try file.setAttribute("trial", .int(1))
            try file.close()
            guard case .int(1)? = try H5File(opening: path).attribute("trial") else {
                return .fail("HDF5", "\(name) does not read what it wrote in \(folder)", "use another folder by --work")
            }
            return .ok("HDF5", "\(name), writes and reads in \(folder)")
        } catch {
            return .fail("HDF5", "\(name): \(Failure.short(error))", "export HDF5_USE_FILE_LOCKING=FALSE, or another --work")
        }
    }
}
