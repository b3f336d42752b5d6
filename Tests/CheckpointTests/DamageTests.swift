import Checkpoint
import Foundation
import Support
import TestSupport
import Testing

/// Two checkpoints; the newer one's files are cut short or changed, and put right again.
@Suite struct DamageTests {
    let scratch: TemporaryFolder
    let notices = Notices()
    let store: CheckpointStore
    let newer = "ckpt_extreme_2_20"

    init() throws {
        scratch = try TemporaryFolder()
        store = makeStore(scratch.path, notices)
        for epoch in [1, 2] { try Layout(workers: 2).write(store, key(epoch), state: ["lr": "0.1"]) }
    }

    /// The newer checkpoint is passed over, and the notice names `file` and what is used.
    private func expectFallback(_ file: String, _ what: String) throws {
        notices.clear()
        let used = try store.newest()?.key
        #expect(used == key(1), "\(what)")
        let text = notices.text
        #expect(
            text.contains("\(scratch.file(file)) is damaged (") && text.contains("using ckpt_extreme_1_10"), "\(what): \(text)")
    }

    @Test(arguments: ["shard-1-of-2.h5", "manifest.json"])
    func everyTruncationIsFound(_ name: String) throws {
        let file = "\(newer)/\(name)"
        let corruptor = try FileCorruptor(scratch.file(file))
        try corruptor.truncations { try expectFallback(file, $0) }
        try (corruptor.whole + [0]).write(to: URL(fileURLWithPath: corruptor.path))
        try expectFallback(file, "one byte too many")
        try corruptor.repair()
        #expect(try store.newest()?.key == key(2))
    }

    @Test(arguments: ["shard-0-of-2.h5", "manifest.json"])
    func everyFlippedBitIsFound(_ name: String) throws {
        let file = "\(newer)/\(name)"
        try FileCorruptor(scratch.file(file)).flips { try expectFallback(file, $0) }
        #expect(try store.newest()?.key == key(2))
    }

    /// A checksum protects against accidents; numbers that no array has must not end the program either.
    @Test(arguments: [
        ("\"shard-0-of-2.h5\"", "\"../ckpt_extreme_1_10/shard-0-of-2.h5\""), ("\"start\" : 0", "\"start\" : -1"),
        ("\"start\" : 0", "\"start\" : 9223372036854775807"), ("\"total\" : 11", "\"total\" : -9223372036854775808"),
        ("\"total\" : 11", "\"total\" : 4611686018427387904"), ("\"shard\" : 1", "\"shard\" : 2"),
        ("\"shape\" : [", "\"shape\" : [ 1, 1,"), ("\"bytes\" : ", "\"bytes\" : -"),
    ])
    func numbersThatNoCheckpointHasAreDamage(_ plain: String, _ changed: String) throws {
        let path = scratch.file("\(newer)/manifest.json")
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.contains(plain))
        let first = text.range(of: plain).map { text.replacingCharacters(in: $0, with: changed) } ?? ""
        try withManifestChecksum(first).write(toFile: path, atomically: false, encoding: .utf8)
        try expectFallback("\(newer)/manifest.json", changed)
        #expect(notices.text.contains("its numbers do not describe shards"), "\(notices.text)")
    }

    @Test func theNoticeSaysBothChecksums() throws {
        let file = "\(newer)/shard-0-of-2.h5"
        let stored = try CRC32.ofFile(scratch.file(file)).hex
        try FileCorruptor(scratch.file(file)).flip(1000)
        let real = try CRC32.ofFile(scratch.file(file)).hex
        _ = try store.newest()
        #expect(
            notices.all == ["\(scratch.file(file)) is damaged (checksum \(real), expected \(stored)): using ckpt_extreme_1_10"])
    }

    /// A file that is cut short is told by a look at it, before all of it is read.
    @Test func theNoticeSaysBothSizes() throws {
        let file = scratch.file("\(newer)/shard-0-of-2.h5"), whole = try FileCorruptor(file).whole.count
        truncate(file, whole - 1)
        _ = try store.newest()
        #expect(notices.all == ["\(file) is damaged (\(whole - 1) bytes, expected \(whole)): using ckpt_extreme_1_10"])
    }

    @Test func aMissingShardIsFound() throws {
        try FileManager.default.removeItem(atPath: scratch.file("\(newer)/shard-1-of-2.h5"))
        try expectFallback("\(newer)/shard-1-of-2.h5", "missing")
    }

    @Test func nothingWholeStartsOver() throws {
        for folder in [newer, "ckpt_extreme_1_10"] {
            try AtomicFile.write(scratch.file("\(folder)/manifest.json"), Data("{}".utf8))
        }
        #expect(try store.newest() == nil)
        #expect(notices.all.count == 2 && notices.all.allSatisfy { $0.contains("is damaged") && $0.contains("starting over") })
    }

    @Test func aDamagedPinnedOneIsTrainedAgain() throws {
        try Layout(workers: 2).write(store, key(5, module: "surrogate", index: 0), pinned: true)
        try FileCorruptor(scratch.file("ckpt_surrogate_5_50/shard-1-of-2.h5")).flip(100)
        #expect(try store.pinned(module: "surrogate") == nil)
        #expect(notices.all.count == 1 && notices.text.contains("surrogate must be trained again"))
        #expect(try store.newest()?.key == key(2))
    }

    @Test func aFolderUnderAnotherNameIsNotTrusted() throws {
        try FileManager.default.moveItem(atPath: scratch.file(newer), toPath: scratch.file("ckpt_extreme_3_30"))
        #expect(try store.newest()?.key == key(1))
        #expect(notices.text.contains("ckpt_extreme_3_30"))
    }

    @Test func aShardThatChangesAfterTheCheckIsFoundWhenRead() throws {
        let reader = try #require(try store.newest())
        let file = "\(newer)/shard-0-of-2.h5"
        let corruptor = try FileCorruptor(scratch.file(file))
        let first = Data(counting(5, 7).buffer.array.flatMap { withUnsafeBytes(of: $0) { Array($0) } })
        let at = try #require(corruptor.whole.range(of: first))
        try corruptor.flip(at.lowerBound + 40)
        let found = try failure { _ = try reader.rows("W", 0..<11) as Buffer<Float> }
        #expect(found.code == .damagedCheckpoint && found.place == scratch.file(file))
    }
}
