import Checkpoint
import DeepXMLModel
import Devices
import Support
import Training
import Transport

/// How the labels nearest to a document are searched for: by a label's generative model, the unit mean of its documents
/// (WSDM 2019, §4.1).
///
/// As with `SearchMethods`, a trained learner keeps the method and the parts that its graphs were built over.
struct GenerativePlan {
    let search: SearchPlan
    /// Workers of the group that trained the learner.
    let workers: Int

    /// - Parameter queries: documents to be searched for, training and test.
    init(_ settings: SliceSettings, queries: Int, labels: Int, dims: Int, workers: Int) {
        search = SearchPlan.choose(
            queries: queries, database: labels, dims: dims, M: settings.M, efC: settings.efC, efS: settings.efS)
        self.workers = workers
    }

    /// The one by which the lists of a checkpoint were found.
    init(trained lists: CheckpointReader, _ settings: SliceSettings, labels: Int, dims: Int) {
        let plan = SearchPlan.choose(
            queries: 0, database: labels, dims: dims, M: settings.M, efC: settings.efC, efS: settings.efS)
        search = lists.state[Self.key].flatMap(SearchPlan.Method.init).map(plan.using) ?? plan
        workers = lists.shardCount
    }

    private static let key = "search.labels"

    /// For the checkpoint of the lists.
    var state: [String: String] { [Self.key: search.method.rawValue] }

    /// The labels that worker `rank` of `size` searches: a graph for each part, or one exact search over them all.
    func parts(_ shards: LabelShards, rank: Int, of size: Int) -> [Range<Int>] {
        let parts = evenRanges(workers, parts: size)[rank].map { shards.labels(ofWorker: $0, workers: workers) }
        guard search.method == .exact, let first = parts.first, let last = parts.last else { return parts }
        return [first.lowerBound..<last.upperBound]
    }
}

/// The labels nearest to documents, over a group: each worker searches its parts of the labels for all queries, block by block;
/// the parts of a query's list meet at the worker that owns the query.
struct GenerativeSearch {
    private let group: WorkerGroup
    private let device: any Device
    private let searches: [any NeighbourSearch]
    private let k: Int

    /// - Parameters:
    ///   - means: of a run of labels: |labels|×D, padded.
    ///   - isForManyCalls: with a few documents each: means are laid out for that.
    init(
        _ plan: GenerativePlan, parts: [Range<Int>], k: Int, group: WorkerGroup, device: any Device, seed: UInt64,
        isForManyCalls: Bool = false, means: (Range<Int>) throws -> Tensor
    ) throws {
        (self.group, self.device, self.k) = (group, device, k)
        let full = parts.filter { !$0.isEmpty }, isGraph = plan.search.method == .graph
        searches = try ProgressScope.stage(
            "building the search", of: isGraph ? full.reduce(0) { $0 + $1.count } : nil, "labels"
        ) { progress in
            try full.map { part in
                let rows = try means(part).withPadding
                if isForManyCalls, !isGraph { return device.packedSearch(over: rows, firstId: part.lowerBound) }
                return try plan.search.search(
                    over: rows, firstId: part.lowerBound, seed: Int(truncatingIfNeeded: seed), on: device, progress)
            }
        }
    }

    /// The k labels nearest to each of this worker's slice of documents, with similarities.
    ///
    /// - Parameters:
    ///   - documents: the vectors of all of them.
    ///   - control: of the learner in training, which may be stopped meanwhile.
    func lists(_ documents: Tensor, stoppedBy control: LearnerControl? = nil) throws -> TopK {
        let rows = RowLists(group: group, rows: documents.rows), result = TopK(rows: rows.ownRows.count, k: k)
        try rows.forEachSliceBlock("searching for shortlists", stoppedBy: control) { block in
            let found = TopK(rows: block.reduce(0) { $0 + $1.count }, k: k)
            var at = 0
            for range in block where !range.isEmpty {
                found.replace(from: at, with: try own(documents.rows(range)))
                at += range.count
            }
            let merged = try rows.merge(found, block: block, k: k)
            result.replace(from: block[group.rank].lowerBound - rows.ownRows.lowerBound, with: merged)
        }
        return result
    }

    /// Among this worker's labels.
    private func own(_ documents: Tensor) throws -> TopK {
        let queries = documents.withPadding
        let found = try searches.map { try $0.topK(queries: queries, k: k) }
        if found.isEmpty { return TopK(rows: queries.rows, k: k) }
        return found.count == 1 ? found[0] : device.merge(found, k: k)
    }
}
