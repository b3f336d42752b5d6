import DeepXMLModel
import Devices
import Foundation
import Support
import Testing

/// One result of Tests/oracles/surrogate_clusters.py.
private struct OracleCase: Decodable {
    let documents: Int, labels: Int, features: Int, threshold: Int, seed: Int
    let shown: [Int]
    let cooccurrence: [[[Float]]]
    let clusters: [Int32]

    static func all() throws -> [OracleCase] {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("oracles/surrogate_clusters.json")
        return try JSONDecoder().decode([OracleCase].self, from: Data(contentsOf: path))
    }
}

/// Bits of all that a matrix holds.
private func entries(_ matrix: CSRMatrix) -> ([Int64], [Int32], [UInt32]) {
    (matrix.starts.array, matrix.indices.array, matrix.values!.array.map(\.bitPattern))
}

@Suite struct SurrogateClusteringTests {
    @Test func cooccurrenceIsTheOracles() throws {
        for oracle in try OracleCase.all() {
            let data = SurrogateExample(documents: oracle.documents, labels: oracle.labels, features: oracle.features)
            let found = cooccurrence(
                labels: data.labels, documents: data.documents, key: surrogateKey(oracle.seed, .walk), team: ThreadTeam(size: 1))
            for (label, expected) in zip(oracle.shown, oracle.cooccurrence) {
                #expect(Array(found.columns(label)) == expected.map { Int32($0[0]) })
                for (weight, want) in zip(found.weights(label), expected) { #expect(abs(weight - want[1]) < 1e-6) }
            }
        }
    }

    @Test func clustersAreTheOracles() throws {
        for oracle in try OracleCase.all() {
            let data = SurrogateExample(documents: oracle.documents, labels: oracle.labels, features: oracle.features)
            let clustering = data.clustering(threshold: oracle.threshold, seed: oracle.seed)
            #expect(clustering.clusterOfLabel() == oracle.clusters, "\(oracle.labels) labels, K \(oracle.threshold)")
        }
    }

    @Test func sizesDifferByAtMostOne() {
        let clustering = SurrogateExample(documents: 900, labels: 301, features: 400).clustering(threshold: 64, seed: 7)
        let clusters = clustering.finish(clustering.root)
        #expect(clusters.map(\.id) == Array(0..<64))
        #expect(clusters.allSatisfy { (301 / 64...301 / 64 + 1).contains($0.labels.count) })
        #expect(clusters.flatMap(\.labels).sorted() == Array(0..<301))
    }

    /// Ranks split until there are enough nodes and finish some each: where they stop, and who does what, changes nothing.
    @Test func everyCutOfTheWorkGivesTheSame() {
        let data = SurrogateExample(documents: 900, labels: 300, features: 700)
        let whole = data.clustering(threshold: 64, seed: 666)
        let expected = whole.finish(whole.root)
        for level in 0...6 {
            let other = data.clustering(threshold: 64, seed: 666, threads: 3)
            var nodes = [other.root]
            for _ in 0..<level { nodes = other.split(nodes: nodes) }
            #expect(nodes.count == 1 << level)
            #expect(nodes.flatMap { whole.finish($0) } == expected)
            #expect(other.finish(nodes: nodes) == expected)
        }
        let last = whole.split(nodes: whole.finish(whole.root).map { ClusterNode(level: 6, index: $0.id, labels: $0.labels) })
        #expect(last.map(\.labels) == expected.map(\.labels))
    }

    @Test func threadsDoNotMatter() {
        let data = SurrogateExample(documents: 900, labels: 300, features: 700)
        let one = ThreadTeam(size: 1)
        let clusters = data.clustering(threshold: 32, seed: 1).clusterOfLabel()
        let centroids = entries(labelCentroids(features: data.features, documents: data.documents, team: one))
        let walks = entries(cooccurrence(labels: data.labels, documents: data.documents, key: surrogateKey(1, .walk), team: one))
        for threads in [2, 5] {
            let team = ThreadTeam(size: threads)
            #expect(data.clustering(threshold: 32, seed: 1, threads: threads).clusterOfLabel() == clusters)
            #expect(entries(labelCentroids(features: data.features, documents: data.documents, team: team)) == centroids)
            #expect(
                entries(cooccurrence(labels: data.labels, documents: data.documents, key: surrogateKey(1, .walk), team: team))
                    == walks)
        }
    }

    @Test func seedsMatter() {
        let data = SurrogateExample(documents: 120, labels: 40, features: 60)
        let first = data.clustering(threshold: 8, seed: 108).clusterOfLabel()
        #expect(data.clustering(threshold: 8, seed: 666).clusterOfLabel() != first)
        // Seeds that differ in the upper half only are different seeds.
        #expect(data.clustering(threshold: 8, seed: 108 + 1 << 32).clusterOfLabel() != first)
    }

    @Test(arguments: [(1, 1, 1), (1, 1024, 1), (2, 1024, 2), (3, 1024, 2), (40, 33, 32), (40, 3, 4), (40, 1, 1)])
    func clusterCount(labels: Int, threshold: Int, expected: Int) {
        let clustering = SurrogateExample(documents: 80, labels: labels, features: 20).clustering(threshold: threshold, seed: 5)
        #expect(clustering.clusterCount == expected)
        let clusters = clustering.finish(clustering.root)
        #expect(clusters.count == expected)
        #expect(clusters.allSatisfy { !$0.labels.isEmpty })
    }

    /// Equal rows everywhere: only ids decide, and no loop goes on for ever.
    @Test func labelsAllOfOneDocument() {
        let labels = CSRMatrix(cols: 150, rows: [(0..<150).map { ($0, 1) }], binary: true)
        let clustering = SurrogateClustering(
            features: CSRMatrix(cols: 3, rows: [[(0, 0.6), (2, 0.8)]]), labels: labels, documents: labels.transposed(),
            threshold: 16, seed: 3, on: cpu)
        let sizes = clustering.finish(clustering.root).map(\.labels.count)
        #expect(sizes.count == 16 && sizes.allSatisfy { $0 == 9 || $0 == 10 })
    }

    /// A document without features gives rows of zeros, which have no direction.
    @Test func labelsWithoutFeatures() {
        let labels = CSRMatrix(cols: 4, rows: [[(0, 1), (1, 1)], [(2, 1)], [(3, 1)]], binary: true)
        let clustering = SurrogateClustering(
            features: CSRMatrix(cols: 3, rows: [[], [(0, 1)], [(1, 1)]]), labels: labels, documents: labels.transposed(),
            threshold: 4, seed: 3, on: cpu)
        #expect(clustering.clusterOfLabel().sorted() == [0, 1, 2, 3])
    }
}

@Suite struct SurrogateMatricesTests {
    @Test func centroidsAreSumsOfFeatures() {
        let data = SurrogateExample(documents: 120, labels: 40, features: 60)
        let centroids = labelCentroids(features: data.features, documents: data.documents, team: ThreadTeam(size: 2))
        for label in 0..<40 {
            var expected: [Int32: Float] = [:]
            for document in data.documents.columns(label) {
                for at in data.features.range(Int(document)) {
                    expected[data.features.indices[at], default: 0] += data.features.values![at]
                }
            }
            #expect(Array(centroids.columns(label)) == expected.keys.sorted())
            #expect(Array(centroids.weights(label)) == expected.keys.sorted().map { expected[$0]! })
        }
    }

    @Test func aHeadLabelKeepsOnlyItself() {
        let data = SurrogateExample(documents: 120, labels: 40, features: 60)
        let team = ThreadTeam(size: 1)
        let sizes = (0..<40).map { data.documents.range($0).count }
        var walk = RandomWalk()
        walk.skipAbove = sizes.max()! - 1
        let pruned = cooccurrence(
            labels: data.labels, documents: data.documents, key: surrogateKey(1, .walk), walk: walk, team: team)
        let whole = cooccurrence(labels: data.labels, documents: data.documents, key: surrogateKey(1, .walk), team: team)
        for (label, size) in sizes.enumerated() {
            if size > walk.skipAbove {
                #expect(Array(pruned.columns(label)) == [Int32(label)] && Array(pruned.weights(label)) == [1])
            } else {
                #expect(Array(pruned.columns(label)) == Array(whole.columns(label)))
            }
        }
    }

    @Test func rowsOfTheWalkSumToOneAndHoldTheLabel() {
        let data = SurrogateExample(documents: 120, labels: 40, features: 60)
        var walk = RandomWalk()
        walk.keep = 3
        let found = cooccurrence(
            labels: data.labels, documents: data.documents, key: surrogateKey(9, .walk), walk: walk, team: ThreadTeam(size: 1))
        for label in 0..<40 {
            #expect(found.columns(label).contains(Int32(label)) && found.columns(label).count <= 4)
            #expect(abs(found.weights(label).reduce(0, +) - 1) < 1e-6)
            #expect(Array(found.columns(label)) == found.columns(label).sorted())
        }
    }
}
