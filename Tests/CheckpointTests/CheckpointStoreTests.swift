import Checkpoint
import Foundation
import Support
import TestSupport
import Testing

@Suite struct CheckpointStoreTests {
    let scratch: TemporaryFolder
    let notices = Notices()
    let store: CheckpointStore

    init() throws {
        scratch = try TemporaryFolder()
        store = makeStore(scratch.path, notices)
    }

    @Test func nothingThereIsNoCheckpointAndNoNotice() throws {
        #expect(try store.newest() == nil)
        #expect(try makeStore(scratch.file("not/there"), notices).newest() == nil)
        #expect(notices.all == [])
    }

    /// Written by m workers, read by k others: more of them than rows and columns, too.
    @Test(arguments: [1, 2, 3, 5, 13], [1, 2, 3, 4, 20])
    func anyNumberOfWorkersReadsWhatAnyOtherWrote(_ m: Int, _ k: Int) throws {
        let layout = Layout(workers: m)
        try layout.write(store, key(1), state: ["lr": "0.05"])
        let reader = try #require(try store.newest())
        #expect(reader.key == key(1) && reader.state == ["lr": "0.05"] && reader.shardCount == m)
        #expect(reader.names == ["E", "R", "W", "bias"] && reader.contains("E") && !reader.contains("x"))
        #expect(try (reader.replicated("R") as Buffer<Float>).array == counting(3, 3).buffer.array)
        #expect(try (reader.replicated("W") as Buffer<Float>).array == counting(layout.labels, layout.dims).buffer.array)
        for rows in cut(layout.labels, k) {
            let w: Buffer<Float> = try reader.rows("W", rows)
            #expect(w.array == (rows.lowerBound * layout.dims..<rows.upperBound * layout.dims).map { Float($0) })
            let bias: Buffer<Int64> = try reader.rows("bias", rows)
            #expect(bias.array == rows.map { Int64($0) })
        }
        for cols in cut(layout.dims, k) {
            let e = try reader.columns("E", cols)
            #expect(e.array == (0..<layout.tokens).flatMap { t in cols.map { Float(t * layout.dims + $0) } })
        }
    }

    @Test func anotherRankOpensTheKeyThatTheLeaderFound() throws {
        try Layout(workers: 2).write(store, key(1))
        #expect(try store.open(key(1)).key == key(1))
        let missing = try failure { _ = try store.open(key(2)) }
        #expect(missing.code == .damagedCheckpoint && missing.place.hasSuffix("ckpt_extreme_2_20"))
    }

    @Test func anArrayThatIsMissingOrSmallerThanAskedFor() throws {
        try Layout(workers: 2).write(store, key(1))
        let reader = try #require(try store.newest())
        let missing = try failure { _ = try reader.rows("V", 0..<1) as Buffer<Float> }
        #expect(missing.problem.contains("'V'") && missing.found == "E, R, W, bias")
        let small = try failure { _ = try reader.rows("W", 5..<12) as Buffer<Float> }
        #expect(small.found == "11×7" && small.expected.contains("5..<12"))
        #expect(throws: Failure.self) { try reader.rows("W", 0..<2) as Buffer<Int32> }
    }

    @Test func receiptsTravelAsJSON() throws {
        let receipt = try store.writeShard(key(1), shard: 1, of: 3, arrays: Layout(workers: 3).arrays(1))
        let data = try JSONEncoder().encode(receipt)
        #expect(try JSONDecoder().decode(ShardReceipt.self, from: data) == receipt)
        #expect(receipt.file == "shard-1-of-3.h5" && receipt.arrays.map(\.name) == ["W", "bias", "E"])
    }

    /// A shard's file says which part of each array it has, for whoever reads it without the manifest.
    @Test func partsSayWhereTheyBelong() throws {
        let receipt = try store.writeShard(
            key(1), shard: 1, of: 3, arrays: Layout(workers: 3).arrays(1) + Layout(workers: 1).arrays(0).suffix(1),
            attributes: ["worker": .int(1)])
        #expect(receipt.arrays.map(\.name) == ["W", "bias", "E"])
        let file = try H5File(opening: scratch.file("ckpt_extreme_1_10/shard-1-of-3.h5"))
        #expect(try file.attribute("format") == .string("deepxml-dist checkpoint 1") && file.attribute("worker") == .int(1))
        for (name, cut, start, total) in [("W", "rows", 3, 11), ("bias", "rows", 3, 11), ("E", "columns", 2, 7)] {
            #expect(try file.attribute("placement", on: name) == .string(cut), "\(name)")
            #expect(
                try file.attribute("start", on: name) == .int(start) && file.attribute("total", on: name) == .int(total),
                "\(name)")
        }
        _ = try store.writeShard(key(1), shard: 0, of: 3, arrays: Layout(workers: 3).arrays(0))
        let first = try H5File(opening: scratch.file("ckpt_extreme_1_10/shard-0-of-3.h5"))
        #expect(try first.attribute("placement", on: "R") == .string("replicated") && first.attribute("start", on: "R") == nil)
    }

    @Test func shardsWithoutAManifestDoNotExist() throws {
        try Layout(workers: 1).write(store, key(1))
        _ = try store.writeShard(key(2), shard: 0, of: 1, arrays: Layout(workers: 1).arrays(0))
        #expect(try store.newest()?.key == key(1))
        #expect(notices.all == [])
    }

    @Test func aCommitNeedsEveryShardAndWholeArrays() throws {
        let receipts = try (0..<3).map { try store.writeShard(key(1), shard: $0, of: 3, arrays: Layout(workers: 3).arrays($0)) }
        for wrong in [[], Array(receipts[..<2]), [receipts[0], receipts[1], receipts[1]]] {
            #expect(throws: Failure.self) { try store.commit(key(1), receipts: wrong, state: [:]) }
        }
        let parts: [(Int, Int)] = [(0, 5), (5, 11), (4, 11), (6, 11), (5, 12)]
        for (number, pair) in [(0, 1), (0, 2), (0, 3), (0, 4)].enumerated() {
            let made = try [pair.0, pair.1].enumerated().map { shard, part in
                let (from, to) = parts[part]
                return try store.writeShard(
                    key(1), shard: shard, of: 2,
                    arrays: [StoredArray("b", Buffer<Float>(count: to - from), .rows(start: from, total: 11))])
            }
            if number == 0 {
                try store.commit(key(1), receipts: made, state: [:])
            } else {
                let found = try failure { try store.commit(key(1), receipts: made, state: [:]) }
                #expect(found.problem.contains("'b'"))
            }
        }
    }
}

@Suite struct PruningTests {
    let scratch: TemporaryFolder
    let notices = Notices()
    let store: CheckpointStore
    let layout = Layout(workers: 2)

    init() throws {
        scratch = try TemporaryFolder()
        store = makeStore(scratch.path, notices)
    }

    @Test func theNewestTwoStay() throws {
        for epoch in [1, 2, 3, 9, 10] { try layout.write(store, key(epoch)) }
        #expect(scratch.names == ["ckpt_extreme_10_100", "ckpt_extreme_9_90"])
        #expect(try store.newest()?.key == key(10))
    }

    @Test func modulesComeBeforeEpochs() throws {
        try layout.write(store, key(20, module: "surrogate", index: 0))
        try layout.write(store, key(1))
        #expect(try store.newest()?.key == key(1))
    }

    @Test func pinnedOnesStayUntilUnpinned() throws {
        let result = key(20, module: "surrogate", index: 0)
        try layout.write(store, result, pinned: true)
        for epoch in 1...3 { try layout.write(store, key(epoch)) }
        #expect(scratch.names == ["ckpt_extreme_2_20", "ckpt_extreme_3_30", "ckpt_surrogate_20_200"])
        let pinned = try #require(try store.pinned(module: "surrogate"))
        #expect(pinned.key == result && pinned.isPinned)
        #expect(try store.pinned(module: "extreme") == nil)
        try store.unpin(module: "surrogate")
        #expect(try store.pinned(module: "surrogate") == nil)
        try layout.write(store, key(4))
        #expect(scratch.names == ["ckpt_extreme_3_30", "ckpt_extreme_4_40"])
    }

    /// Finished or not, pinned or not.
    @Test func modulesAreRemovedWhole() throws {
        for part in 1...3 { try layout.write(store, key(0, module: "part-\(part)", index: 1), pinned: part > 1) }
        _ = try store.writeShard(key(0, module: "part-4", index: 1), shard: 0, of: 2, arrays: layout.arrays(0))
        try layout.write(store, key(1), pinned: true)
        try store.remove { $0.hasPrefix("part-") }
        #expect(scratch.names == ["ckpt_extreme_1_10"])
        #expect(try store.pinned(module: "extreme")?.key == key(1))
    }

    @Test func aCommitThatPrunesNothing() throws {
        for epoch in 1...2 { try layout.write(store, key(epoch)) }
        let receipts = try (0..<2).map { try store.writeShard(key(3), shard: $0, of: 2, arrays: layout.arrays($0)) }
        try store.commit(key(3), receipts: receipts, state: [:], prunes: false)
        #expect(scratch.names == ["ckpt_extreme_1_10", "ckpt_extreme_2_20", "ckpt_extreme_3_30"])
        #expect(try store.newest()?.key == key(3))
    }

    @Test func whatKilledRunsLeftGoesButNotALaterKey() throws {
        for epoch in [1, 7] { _ = try store.writeShard(key(epoch), shard: 0, of: 2, arrays: layout.arrays(0)) }
        _ = try store.writeShard(key(1, module: "reranker", index: 3), shard: 0, of: 2, arrays: layout.arrays(0))
        _ = try store.writeShard(key(3), shard: 2, of: 3, arrays: Layout(workers: 3).arrays(2))
        try layout.write(store, key(3))
        #expect(scratch.names == ["ckpt_extreme_3_30", "ckpt_extreme_7_70", "ckpt_reranker_1_10"])
        let files = try FileManager.default.contentsOfDirectory(atPath: scratch.file("ckpt_extreme_3_30")).sorted()
        #expect(files == ["manifest.json", "shard-0-of-2.h5", "shard-1-of-2.h5"])
    }

    @Test func aDamagedOneIsNotCountedAmongTheKept() throws {
        for epoch in [1, 2] { try layout.write(store, key(epoch)) }
        try AtomicFile.write(scratch.file("ckpt_extreme_2_20/shard-0-of-2.h5"), Data("zap".utf8))
        #expect(try store.newest()?.key == key(1))
        try layout.write(store, key(3))
        #expect(scratch.names == ["ckpt_extreme_1_10", "ckpt_extreme_3_30"])
    }

    @Test func aDamagedOneIsWrittenAnew() throws {
        for epoch in [1, 2] { try layout.write(store, key(epoch)) }
        try AtomicFile.write(scratch.file("ckpt_extreme_2_20/shard-0-of-2.h5"), Data("zap".utf8))
        #expect(try store.newest()?.key == key(1))
        try Layout(workers: 3).write(store, key(2))
        #expect(try store.newest()?.shardCount == 3)
        #expect(scratch.names == ["ckpt_extreme_1_10", "ckpt_extreme_2_20"])
    }

    @Test func freshDeletesCheckpointsAndNothingElse() throws {
        try layout.write(store, key(1), pinned: true)
        try layout.write(store, key(2))
        try AtomicFile.write(scratch.file("ckpt_notes.txt"), Data())
        try makeStore(scratch.path, notices, otherIdentity { $0.seed = 1 }).removeAll()
        #expect(scratch.names == ["ckpt_notes.txt"])
        #expect(try store.newest() == nil)
    }
}

func otherIdentity(_ change: (inout CheckpointIdentity) -> Void) -> CheckpointIdentity {
    var other = identity
    change(&other)
    return other
}

@Suite struct IdentityTests {
    let scratch: TemporaryFolder
    let notices = Notices()

    init() throws {
        scratch = try TemporaryFolder()
        try Layout(workers: 1).write(makeStore(scratch.path, notices), key(1), pinned: true)
    }

    private func mismatch(_ change: (inout CheckpointIdentity) -> Void) throws -> Failure {
        let store = makeStore(scratch.path, notices, otherIdentity(change))
        let found = try failure { _ = try store.newest() }
        for open in [{ _ = try store.pinned(module: "extreme") }, { _ = try store.open(key(1)) }] {
            #expect(try failure(open) == found)
        }
        #expect(found.code == .usage && found.place == scratch.file("ckpt_extreme_1_10"))
        #expect(found.advice.contains("--fresh") && found.advice.contains("--version"))
        return found
    }

    @Test func anotherConfigNamesTheKeys() throws {
        let found = try mismatch {
            $0.configFingerprint = "c2"
            $0.config["extreme.num_epochs"] = "5"
            $0.config["global.beta"] = nil
            $0.config["global.A"] = "0.6"
        }
        #expect(found.problem.contains("extreme.num_epochs, global.A, global.beta"))
        #expect(found.found.contains("extreme.num_epochs = 20") && found.found.contains("global.A = (not set)"))
        #expect(found.expected.contains("extreme.num_epochs = 5") && found.expected.contains("global.beta = (not set)"))
    }

    @Test func otherDataAndSeed() throws {
        let data = try mismatch {
            $0.dataFingerprint = "d2"
            $0.data["labels"] = "3999"
        }
        #expect(data.found.contains("labels = 4000") && data.expected.contains("labels = 3999"))
        let seed = try mismatch { $0.seed = 666 }
        #expect(seed.found.contains("seed = 108") && seed.expected.contains("seed = 666"))
        let bare = try mismatch { $0.dataFingerprint = "d3" }
        #expect(bare.found.contains("data fingerprint = d1") && bare.expected.contains("d3"))
    }

    @Test func anotherProgramVersionGoesOnAndSaysSo() throws {
        let store = makeStore(scratch.path, notices, otherIdentity { $0.programVersion = "1.1" })
        #expect(try store.newest()?.key == key(1))
        #expect(notices.text.contains("1.0") && notices.text.contains("1.1"))
    }
}

/// Checkpoints of a module's best epoch, beside those that training goes on from.
@Suite struct BesideCheckpointTests {
    let scratch: TemporaryFolder
    let notices = Notices()
    let store: CheckpointStore
    private let layout = Layout(workers: 2)
    private static let beside = "extreme" + CheckpointStore.besideEnding

    init() throws {
        scratch = try TemporaryFolder()
        store = makeStore(scratch.path, notices)
    }

    private func best(_ epoch: Int) throws {
        try layout.write(store, key(epoch, module: Self.beside), pinned: true)
        try store.removeBeside("extreme", state: "best", kept: epoch)
    }

    private func epochs() throws -> [Int] {
        try (1...9).filter { try store.pinned(module: Self.beside, epoch: $0) != nil }
    }

    @Test func theyAreNoPlaceToGoOnFrom() throws {
        try best(4)
        #expect(try store.newest() == nil)
        try layout.write(store, key(2), state: ["best": "2"])
        #expect(try store.newest()?.key == key(2))
        #expect(try store.pinned(module: Self.beside)?.key.epoch == 4)
    }

    /// A run that goes on from epoch 3 or 5 may end with the best epoch of that time.
    @Test func thoseThatCheckpointsNameStay() throws {
        try best(2)
        try layout.write(store, key(3), state: ["best": "2"])
        try best(4)
        #expect(try epochs() == [2, 4])
        try layout.write(store, key(5), state: ["best": "4"])
        try best(6)
        #expect(try epochs() == [2, 4, 6])
        // Two checkpoints are kept: that of epoch 3 goes.
        try layout.write(store, key(7), state: ["best": "6"])
        try best(8)
        #expect(try epochs() == [4, 6, 8])
        #expect(try store.newest()?.state == ["best": "6"])
        try store.remove { $0 == Self.beside }
        #expect(try epochs() == [] && store.newest()?.key == key(7))
    }

    /// Epoch 5 needs the best of epoch 4, and epoch 3 that of epoch 2; what is pinned needs none.
    @Test func oneWithoutItsBestIsPassedOver() throws {
        for epoch in [2, 4] {
            try best(epoch)
            try layout.write(store, key(epoch + 1), state: ["best": "\(epoch)"])
        }
        #expect(try store.newest(beside: "best")?.key == key(5) && notices.all.isEmpty)
        let folder = scratch.file("ckpt_extreme-best_4_40"), shard = "\(folder)/shard-1-of-2.h5"
        try Data(contentsOf: URL(filePath: shard)).dropLast().write(to: URL(filePath: shard))
        #expect(try store.newest(beside: "best")?.key == key(3) && store.newest()?.key == key(5))
        #expect(
            notices.all.first?.hasPrefix("\(shard) is damaged (") == true && notices.all.first?.contains("ckpt_extreme_3") == true
        )
        try FileManager.default.removeItem(atPath: folder)
        #expect(try store.newest(beside: "best")?.key == key(3))
        #expect(notices.all.last?.contains("ckpt_extreme_5_50 needs a whole checkpoint extreme-best of epoch 4") == true)
        try FileManager.default.removeItem(atPath: scratch.file("ckpt_extreme-best_2_20"))
        #expect(try store.newest(beside: "best") == nil)
        try layout.write(store, key(9), state: ["best": "4"], pinned: true)
        #expect(try store.newest(beside: "best")?.key == key(9))
    }
}
