import Devices
import Support

/// Logits of a network's own labels for the labels that a sparse matrix names for each document.
package struct LogitTable {
    package let network: Network

    package init(
        network: Network
    ) {
        self.network = network
    }

    /// Calls `body` for each of the documents `docs`, in order: its place in `docs`, labels (global ids), logits.
    package func forEachRow(
        _ docs: [Int32], of features: CSRMatrix, _ wanted: CSRMatrix,
        _ body:
            @escaping @Sendable (_ row: Int, _ labels: UnsafeBufferPointer<Int32>, _ logits: UnsafeBufferPointer<Float>) -> Void
    ) throws {
        let batch = network.batchSize
        for from in stride(from: 0, to: docs.count, by: batch) {
            let part = Array(docs[from..<min(from + batch, docs.count)])
            try network.encode(DocumentBatch(features: features, docs: part))
            network.group.team.forRanges(part.count, grain: 8) { range in
                for i in range {
                    logits(z: network.z.hostRow(i), labels: wanted.columns(Int(part[i]))) { body(from + i, $0, $1) }
                }
            }
        }
    }

    private func logits(
        z: UnsafePointer<Float>, labels: UnsafeBufferPointer<Int32>,
        _ body: (UnsafeBufferPointer<Int32>, UnsafeBufferPointer<Float>) -> Void
    ) {
        let first = Int32(network.classifier.labels.lowerBound), rows = labels.map { $0 - first }
        let logits = [Float](unsafeUninitializedCapacity: rows.count) { out, count in
            rows.withUnsafeBufferPointer { rows in
                if let out = out.baseAddress { network.classifier.logits(z, rows: rows, into: out) }
            }
            count = rows.count
        }
        logits.withUnsafeBufferPointer { body(labels, $0) }
    }
}
