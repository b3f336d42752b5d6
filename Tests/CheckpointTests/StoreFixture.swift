import Checkpoint
import Foundation
import Support

let identity = CheckpointIdentity(
    configFingerprint: "c1", dataFingerprint: "d1", seed: 108, programVersion: "1.0",
    config: ["extreme.num_epochs": "20", "global.beta": "0.3"], data: ["labels": "4000"])

func makeStore(_ folder: String, _ notices: Notices, _ identity: CheckpointIdentity = identity, keep: Int = 2) -> CheckpointStore
{
    CheckpointStore(folder: folder, identity: identity, keep: keep, notice: { notices.add($0) })
}

func key(_ epoch: Int, module: String = "extreme", index: Int = 2) -> CheckpointKey {
    CheckpointKey(module: module, moduleIndex: index, epoch: epoch, step: epoch * 10)
}

/// What a group of `workers` holds: label rows of W and its bias, columns of E, and a small replicated matrix.
struct Layout {
    var labels = 11, dims = 7, tokens = 9
    var workers: Int

    func arrays(_ worker: Int) -> [StoredArray] {
        let rows = cut(labels, workers)[worker]
        let cols = cut(dims, workers)[worker]
        let w = DenseMatrix(rows: rows.count, cols: dims)
        let e = DenseMatrix(rows: tokens, cols: cols.count)
        let bias = Buffer<Int64>(count: rows.count)
        for (r, row) in rows.enumerated() {
            bias[r] = Int64(row)
            for c in 0..<dims { w[r, c] = Float(row * dims + c) }
        }
        for t in 0..<tokens { for (c, col) in cols.enumerated() { e[t, c] = Float(t * dims + col) } }
        return [
            StoredArray("W", w, .rows(start: rows.lowerBound, total: labels)),
            StoredArray("bias", bias, .rows(start: rows.lowerBound, total: labels)),
            StoredArray("E", e, .columns(start: cols.lowerBound, total: dims)),
            StoredArray("R", counting(3, 3)),
        ]
    }

    func write(_ store: CheckpointStore, _ key: CheckpointKey, state: [String: String] = [:], pinned: Bool = false) throws {
        let receipts = try (0..<workers).reversed().map {
            try store.writeShard(key, shard: $0, of: workers, arrays: arrays($0), attributes: ["worker": .int($0)])
        }
        try store.commit(key, receipts: receipts, state: state, pinned: pinned)
    }
}
