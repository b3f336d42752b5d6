import Kernels
import Support

extension CPUDevice {
    public func oneVsAll(_ task: ClassifierTask, precision: ClassifierPrecision) -> any ClassifierOperation {
        CPUOneVsAll(task, precision: precision, on: self)
    }

    public func shortlists(_ task: ClassifierTask, sizes: ShortlistSizes, negatives: NegativeShortlists)
        -> any ShortlistOperation
    {
        CPUShortlists(task, sizes: sizes, negatives: negatives, on: self)
    }

    public func logits(_ classifier: ClassifierShard, z: Tensor, of wanted: CSRMatrix, docs: [Int32]) -> CSRMatrix {
        let starts = Buffer<Int64>(count: docs.count + 1)
        for (row, doc) in docs.enumerated() { starts[row + 1] = starts[row] + Int64(wanted.range(Int(doc)).count) }
        let total = Int(starts[docs.count])
        let logits = CSRMatrix(
            rows: docs.count, cols: wanted.cols, starts: starts, indices: Buffer(count: total), values: Buffer(count: total))
        let first = Int32(classifier.labels.lowerBound)
        team.forRanges(docs.count, grain: 8) { range in
            let places = Buffer<Int32>(count: range.reduce(0) { max($0, logits.range($1).count) })
            for row in range {
                let labels = wanted.columns(Int(docs[row])), own = logits.range(row)
                logits.columns(row).update(from: labels)
                for i in labels.indices { places[i] = labels[i] - first }
                dx_pair_logits(
                    z.row(row), classifier.weight.value.pointer, classifier.bias.value.pointer, places.pointer, own.count,
                    classifier.ld, logits.values!.pointer + own.lowerBound)
            }
        }
        return logits
    }

    public func packedSearch(over classifier: ClassifierShard) -> any NeighbourSearch {
        CPUPackedSearch(
            classifier.weight.value, dims: classifier.dims, firstId: classifier.labels.lowerBound, bias: classifier.bias.value,
            team: team)
    }

    public func bestLabels(_ classifier: ClassifierShard, z: Tensor, k: Int) -> TopK {
        precondition(k >= 1 && classifier.labels.upperBound <= Int(Int32.max) && z.stride == classifier.ld)
        let count = classifier.labels.count, parts = labelParts(rows: z.rows, labels: count)
        if parts == 1 { return search(classifier, z, k: k) }
        let lists = (0..<parts).map { _ in TopK(rows: z.rows, k: k) }
        team.forEach(parts) { part in
            searchLogits(classifier, z, 0..<z.rows, labels: count * part / parts..<count * (part + 1) / parts, into: lists[part])
        }
        return mergeLists(lists, k: k, team: team)
    }

    /// Too few rows for all threads: the labels are cut instead, and the lists merged. Below 96 rows a thread the weights are
    /// laid out anew for too few rows.
    private func labelParts(rows: Int, labels: Int) -> Int {
        rows < 96 * team.size ? min(team.size, max(1, labels / 1024)) : 1
    }

    private func search(_ classifier: ClassifierShard, _ z: Tensor, k: Int) -> TopK {
        let found = TopK(rows: z.rows, k: k)
        // Whole groups of 12 rows (tiles.h), at most what stays in the second-level cache.
        let share = (z.rows + team.size - 1) / team.size
        let height = min(480, max(12, (share + 11) / 12 * 12))
        team.forEach((z.rows + height - 1) / height) { index in
            let rows = index * height..<min((index + 1) * height, z.rows)
            searchLogits(classifier, z, rows, labels: 0..<classifier.labels.count, into: found)
        }
        return found
    }
}

private func searchLogits(_ classifier: ClassifierShard, _ z: Tensor, _ rows: Range<Int>, labels: Range<Int>, into found: TopK) {
    let (k, dims) = (found.k, classifier.dims)
    let memory = Buffer<UInt8>(count: dx_search_workspace(rows.count, dims, k))
    dx_search_logits(
        z.row(rows.lowerBound), rows.count, classifier.weight.value.row(labels.lowerBound),
        classifier.bias.value.row(labels.lowerBound), labels.count, dims, classifier.ld,
        Int32(classifier.labels.lowerBound + labels.lowerBound), k, memory.pointer,
        found.indices.pointer + rows.lowerBound * k, found.scores.pointer + rows.lowerBound * k)
}
