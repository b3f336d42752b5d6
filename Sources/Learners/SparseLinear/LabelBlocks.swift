/// Labels in runs that are trained by one worker and stored as one checkpoint.
struct LabelBlocks: Equatable {
    let labels: Int
    /// Labels of each run but the last.
    let size: Int

    /// - Parameter size: −1: small enough that a stop loses little and that many workers get equal parts; not so small that a large
    ///   data set has more than about 500 checkpoints.
    init(labels: Int, size: Int) {
        self.labels = labels
        self.size = size > 0 ? size : max(128, (labels + 511) / 512)
    }

    var count: Int { (labels + size - 1) / size }

    func labels(of block: Int) -> Range<Int> { block * size..<min((block + 1) * size, labels) }

    /// The blocks that hold some of a run of labels.
    func holding(_ run: Range<Int>) -> Range<Int> {
        run.isEmpty ? 0..<0 : run.lowerBound / size..<(run.upperBound + size - 1) / size
    }

    /// The blocks of each worker, ascending, with about the same cost: the dearest first, each to the worker with the least so far
    /// (Graham 1969).
    ///
    /// - Parameter cost: of each block.
    static func deal(_ blocks: [Int], workers: Int, cost: (Int) -> Double) -> [[Int]] {
        var dealt = [[Int]](repeating: [], count: workers), sums = [Double](repeating: 0, count: workers)
        let priced = blocks.map { (block: $0, cost: cost($0)) }.sorted { ($1.cost, $0.block) < ($0.cost, $1.block) }
        for (block, cost) in priced {
            let worker = sums.indices.min { (sums[$0], $0) < (sums[$1], $1) } ?? 0
            dealt[worker].append(block)
            sums[worker] += cost
        }
        return dealt.map { $0.sorted() }
    }
}
