import Checkpoint
import Foundation
import Support
import TestSupport
import Testing

/// A file system of 64 KiB; nil where we may not mount one.
final class TinyDisk {
    let path: String
    private let scratch: TemporaryFolder

    init?() throws {
        scratch = try TemporaryFolder()
        path = scratch.file("disk")
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        guard mount("tmpfs", path, "tmpfs", 0, "size=64k") == 0 else { return nil }
    }

    deinit {
        let detach: Int32 = 2  // MNT_DETACH: HDF5 may still hold a file.
        umount2(path, detach)
    }

    static let isPermitted: Bool = ((try? TinyDisk()) ?? nil) != nil
}

@Suite(.enabled(if: TinyDisk.isPermitted, "needs the right to mount a tmpfs"))
struct FullDiskTests {
    @Test func aSafeFileKeepsTheOldContent() throws {
        let disk = try #require(try TinyDisk())
        try AtomicFile.write("\(disk.path)/a", Data("old".utf8))
        let found = try failure { try AtomicFile.write("\(disk.path)/a", Data(count: 200_000)) }
        #expect(found.code == .outOfResources && found.place == "\(disk.path)/a" && found.found.contains("No space"))
        #expect(FileManager.default.contents(atPath: "\(disk.path)/a") == Data("old".utf8))
        #expect(try FileManager.default.contentsOfDirectory(atPath: disk.path) == ["a"])
    }

    @Test func aShardSaysSoAndTheOneBeforeStaysWhole() throws {
        let disk = try #require(try TinyDisk())
        let notices = Notices()
        let store = makeStore(disk.path, notices)
        let small = CheckpointKey(module: "extreme", moduleIndex: 2, epoch: 1, step: 10)
        try store.commit(
            small, receipts: [store.writeShard(small, shard: 0, of: 1, arrays: [StoredArray("w", counting(10, 10))])], state: [:])
        var large = small
        large.epoch = 2
        let found = try failure {
            _ = try store.writeShard(large, shard: 0, of: 1, arrays: [StoredArray("w", counting(1000, 100))])
        }
        #expect(found.code == .outOfResources && found.place.contains("ckpt_extreme_2_10") && !found.advice.isEmpty)
        #expect(found.problem.hasSuffix("cannot be reserved"), "it shows before gigabytes are written")
        #expect(try store.newest()?.key == small)
        // The space is free again.
        try AtomicFile.write("\(disk.path)/a", Data(count: 30_000))
    }

    /// Without a reservation HDF5 itself meets the full disk, at the latest when it closes the file.
    @Test func hdf5ItselfMeetsTheFullDisk() throws {
        let disk = try #require(try TinyDisk())
        let found = try failure {
            let file = try H5File(creating: "\(disk.path)/a.h5")
            try file.write("m", counting(1000, 100))
            try file.close()
        }
        #expect(found.code == .outOfResources && found.place == "\(disk.path)/a.h5")
        let scores = CSRMatrix(cols: 50_000, rows: [(0..<50_000).map { (Int32($0), 1) }])
        let score = try failure { try ScoreFile.write(scores, to: "\(disk.path)/score.h5") }
        #expect(score.code == .outOfResources)
        // The library goes on working.
        let scratch = try TemporaryFolder()
        try ScoreFile.write(scores, to: scratch.file("score.h5"))
        #expect(try ScoreFile.read(scratch.file("score.h5")).nonZeros == 50_000)
    }
}
