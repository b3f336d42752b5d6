import Buffers

/// The k best labels of a shard for each row of z (rows×ld), by logit; ties by smaller id. Never a B×L matrix: a few rows'
/// logits at a time.
public func oneVsAllTopK(_ classifier: ClassifierShard, z: DenseMatrix, rows: Int, k: Int, team: ThreadTeam) -> TopK {
    let lists = TopK(rows: rows, k: k), count = classifier.labels.count, ld = classifier.ld
    guard count > 0 else { return lists }
    let first = Int32(classifier.labels.lowerBound), ids = Buffer((0..<Int32(count)).map { $0 + first })
    team.forRanges(rows, grain: 8) { range in
        let logits = Buffer<Float>(count: 8 * count)
        for from in stride(from: range.lowerBound, to: range.upperBound, by: 8) {
            let height = min(8, range.upperBound - from)
            Gemm.timesTransposed(
                m: height, n: count, k: classifier.dims, z.row(from), lda: ld, classifier.weight.value.pointer, ldb: ld,
                into: logits.pointer, ldc: count)
            for row in 0..<height {
                let scores = logits.pointer + row * count
                for label in 0..<count { scores[label] += classifier.bias.value.pointer[label] }
                lists.set(
                    from + row, ids: UnsafeBufferPointer(start: ids.pointer, count: count),
                    scores: UnsafeBufferPointer(start: scores, count: count))
            }
        }
    }
    return lists
}
