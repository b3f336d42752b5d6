import Kernels
import Testing

/// Sparse sums, the random walk and balanced 2-means, against plain loops in double precision.
@Suite struct ClusteringTests {
    /// Labels in two groups of unlike features, each made of labels of its own group.
    private struct Example {
        let labels = 60, dims: Int
        let centroids: SparseRows, weights: SparseRows

        init(dims: Int = 90) {
            self.dims = dims
            var sample = Sample(41)
            let labels = labels
            centroids = SparseRows(
                (0..<labels).map { label in
                    // A common column, so that the groups are not orthogonal.
                    let own = sample.subset(12, of: dims / 2 - 1).map { $0 + 1 + Int32(label % 2 * (dims / 2 - 1)) }
                    return [(0, 0.25)] + own.map { ($0, 0.5 + sample.float() / 4) }
                })
            weights = SparseRows(
                (0..<labels).map { label in
                    let others = sample.subset(4, of: labels / 2).map { $0 * 2 + Int32(label % 2) }
                    return Set(others + [Int32(label)]).sorted().map { ($0, 0.2 + sample.float() / 10) }
                })
        }

        /// Σ_j w_lj c_j
        func row(_ label: Int) -> [Double] {
            weights.entries(label).reduce(into: [Double](repeating: 0, count: dims)) { sum, weight in
                for (column, value) in centroids.entries(Int(weight.0)) {
                    sum[Int(column)] += Double(weight.1) * Double(value)
                }
            }
        }

        func withViews<R>(_ body: (inout dx_sparse, inout dx_sparse) -> R) -> R {
            func view<T>(_ rows: SparseRows, _ body: (inout dx_sparse) -> T) -> T {
                rows.starts.withUnsafeBufferPointer { starts in
                    rows.columns.withUnsafeBufferPointer { columns in
                        rows.values.withUnsafeBufferPointer { values in
                            var view = dx_sparse(
                                starts: starts.baseAddress, columns: columns.baseAddress, values: values.baseAddress)
                            return body(&view)
                        }
                    }
                }
            }
            return view(weights) { weights in view(centroids) { centroids in body(&weights, &centroids) } }
        }

        /// All labels as one cluster.
        func withCluster<R>(_ body: (UnsafePointer<dx_cluster>) -> R) -> R {
            let all = (0..<Int32(labels)).map { $0 }
            return withViews { weights, centroids in
                withUnsafePointer(to: centroids) { centroids in
                    all.withUnsafeBufferPointer { all in
                        var cluster = dx_cluster(
                            count: labels, label_count: labels, dims: dims, starts: weights.starts, locals: weights.columns,
                            weights: weights.values, labels: all.baseAddress, centroids: centroids)
                        return body(&cluster)
                    }
                }
            }
        }

        func gram() -> [Float] {
            var byLabel = [[(Int32, Float)]](repeating: [], count: labels)
            for member in 0..<labels {
                for (label, weight) in weights.entries(member) { byLabel[Int(label)].append((Int32(member), weight)) }
            }
            let turned = SparseRows(byLabel)
            var gram = [Float](repeating: .nan, count: labels * labels), localOf = [Int32](repeating: -1, count: dims)
            withCluster { cluster in
                turned.starts.withUnsafeBufferPointer { starts in
                    turned.columns.withUnsafeBufferPointer { members in
                        turned.values.withUnsafeBufferPointer { weights in
                            var view = dx_transposed(
                                starts: starts.baseAddress, members: members.baseAddress, weights: weights.baseAddress)
                            withMemory(dx_gram_workspace(labels, labels)) { dx_gram(cluster, &view, &localOf, $0, &gram) }
                        }
                    }
                }
            }
            #expect(localOf.allSatisfy { $0 == -1 })
            return gram
        }
    }

    @Test func sumsOfSparseRows() {
        let rows = Example().centroids, members: [Int32] = [3, 4, 11, 12, 13]
        var stamps = [Int32](repeating: 0, count: 90), sums = [Float](repeating: .nan, count: 90)
        let expected = members.reduce(into: [Double](repeating: 0, count: 90)) { sum, member in
            for (column, value) in rows.entries(Int(member)) { sum[Int(column)] += Double(value) }
        }
        let used = (0..<90).filter { expected[$0] != 0 }
        let count = dx_count_distinct(rows.starts, rows.columns, members, members.count, 1, &stamps)
        #expect(count == used.count)
        var spare = [Int32](repeating: 0, count: 3 * count), columns = [Int32](repeating: -1, count: count)
        var values = [Float](repeating: .nan, count: count)
        dx_sum_sparse_rows(
            rows.starts, rows.columns, rows.values, members, members.count, 2, &stamps, &sums, &spare, &columns, &values)
        #expect(columns.map(Int.init) == used)
        #expect(largestDifference(values, used.map { expected[$0] }) < 1e-6)
    }

    @Test func meansOfRows() {
        var sample = Sample(42)
        let rows = sample.floats(20 * 37), starts: [Int64] = [0, 3, 3, 8, 9], members: [Int32] = [0, 5, 19, 1, 2, 3, 4, 5, 19]
        var out = [Float](repeating: 0, count: 3 * 37)
        dx_mean_rows(rows, 37, starts, members, 1, 4, &out)
        let expected = (1..<4).flatMap { l in
            let own = members[Int(starts[l])..<Int(starts[l + 1])]
            return (0..<37).map { d in
                own.reduce(0.0) { $0 + Double(rows[Int($1) * 37 + d]) } / Double(max(1, own.count))
            }
        }
        #expect(largestDifference(out, expected) < 1e-6)
    }

    /// Dims under and over those from which most of a row is zeros, and from which products are made in several parts.
    static let dims = [90, 1100]

    @Test(arguments: dims) func normsOfSmoothedCentroids(dims: Int) {
        let example = Example(dims: dims)
        var sums = [Float](repeating: 0, count: example.dims), norms = [Float](repeating: .nan, count: example.labels)
        example.withViews { dx_smoothed_norms(&$0, &$1, example.dims, 0, example.labels, &sums, &norms) }
        #expect(largestDifference(norms, (0..<example.labels).map { norm(example.row($0)) }) < 1e-5)
        #expect(sums.allSatisfy { $0 == 0 })
    }

    @Test(arguments: dims) func gramIsAllInnerProducts(dims: Int) {
        let example = Example(dims: dims), rows = (0..<example.labels).map(example.row)
        let expected = rows.flatMap { a in rows.map { b in zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } } }
        #expect(largestDifference(example.gram(), expected) < 1e-5)
    }

    @Test(arguments: dims) func twoMeansFindTheGroups(dims: Int) {
        let example = Example(dims: dims), n = example.labels
        var sparse = [UInt8](repeating: 9, count: n), dense = sparse
        let rounds = example.withCluster { cluster in
            withMemory(4 * (3 * example.dims + 3 * n)) { dx_two_means_sparse(cluster, 3, 8, 1e-4, $0, &sparse) }
        }
        let gram = example.gram()
        let others = withMemory(16 * n) { dx_two_means_gram(gram, n, 3, 8, 1e-4, $0, &dense) }
        // Label 3 is of the odd group, 8 of the even one.
        #expect(sparse == (0..<n).map { $0 % 2 == 1 ? 0 : 1 } && dense == sparse)
        #expect(rounds >= 2 && others == rounds)
    }

    @Test func halvesDifferByOneAndTiesGoToTheEarlierMember() {
        // Five equal vectors: nothing tells them apart but their places.
        let gram = [Float](repeating: 1, count: 25)
        var side = [UInt8](repeating: 9, count: 5)
        _ = withMemory(80) { dx_two_means_gram(gram, 5, 0, 1, 1e-4, $0, &side) }
        #expect(side == [0, 0, 0, 1, 1])
    }

    /// The walk as its comment tells it, one draw after the other.
    @Test(arguments: [7, 12, 29], [3, 10]) func walkedRowsAreTheMostVisitedLabels(label: Int32, keep: Int) {
        var sample = Sample(43)
        let ofDocument = (0..<50).map { _ in sample.subset(1 + sample.below(3), of: 29) }
        let labels = SparseRows(ofDocument.map { $0.map { ($0, 1) } })
        let documents = SparseRows(
            (0..<30).map { label in (0..<50).filter { ofDocument[$0].contains(Int32(label)) }.map { (Int32($0), 1) } })
        let key: [UInt32] = [5, 6]
        var visits: [Int32: Int] = [:], at = label
        for step in 0..<50 where !documents.entries(Int(label)).isEmpty {
            var words: [UInt32] = [0, 0, 0, 0]
            dx_philox4x32(key, [UInt32(step), UInt32(label), 0, 0], &words)
            func below(_ word: UInt32, _ bound: Int) -> Int { Int((UInt64(word) * UInt64(bound)) >> 32) }
            if Double(words[0]) < (0.2 * 4_294_967_296).rounded(.down) { at = label }
            let own = documents.entries(Int(at)), document = own[below(words[1], own.count)].0
            let next = labels.entries(Int(document))
            at = next[below(words[2], next.count)].0
            visits[at, default: 0] += 1
        }
        var kept = best(visits.map { ($0.key, Float($0.value)) }, keep)
        if !kept.contains(where: { $0.0 == label }) { kept.append((label, Float(max(1, visits[label] ?? 0)))) }
        kept.sort { $0.0 < $1.0 }
        let total = kept.reduce(0) { $0 + $1.1 }

        var memory = [Int32](repeating: 0, count: 252), ids = [Int32](repeating: -1, count: keep + 1)
        var weights = [Float](repeating: .nan, count: keep + 1)
        let count = labels.starts.withUnsafeBufferPointer { labelStarts in
            labels.columns.withUnsafeBufferPointer { labels in
                documents.starts.withUnsafeBufferPointer { documentStarts in
                    documents.columns.withUnsafeBufferPointer { documents in
                        var graph = dx_bipartite(
                            document_starts: documentStarts.baseAddress, documents: documents.baseAddress,
                            label_starts: labelStarts.baseAddress, labels: labels.baseAddress)
                        return dx_walk_row(&graph, label, 50, 0.2, keep, 5000, key, &memory, &ids, &weights)
                    }
                }
            }
        }
        #expect(ids[..<count] == ArraySlice(kept.map(\.0)))
        #expect(weights[..<count] == ArraySlice(kept.map { $0.1 / total }))
    }
}
