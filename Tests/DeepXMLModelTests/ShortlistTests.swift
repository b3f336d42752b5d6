import DeepXMLModel
import Devices
import Support
import Testing

/// Lists of random ids, distinct in a row and best first, from `width` down to no entries long.
private func randomLists(rows: Int, width: Int, ids: Int, seed: UInt64) -> TopK {
    var g = Generator(state: seed)
    let lists = TopK(rows: rows, k: width)
    for row in 0..<rows {
        let length = row % 5 == 4 ? g.below(width + 1) : width
        let own = Array(0..<ids).shuffled(using: &g).prefix(length)
        // Sixteenths: sums are exact in any order, and there are many ties.
        let entries = own.map { (Float(g.below(16)) / 16, $0) }.sorted { ($1.0, $0.1) < ($0.0, $1.1) }
        for (i, entry) in entries.enumerated() {
            lists.indices[row * width + i] = Int32(entry.1)
            lists.scores[row * width + i] = entry.0
        }
    }
    return lists
}

private func top(_ scores: [Int32: Float], _ k: Int) -> [(key: Int32, value: Float)] {
    Array(scores.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(k))
}

private func expectRow(_ lists: TopK, _ row: Int, _ expected: [(key: Int32, value: Float)]) {
    #expect(Array(lists.ids(row)) == expected.map(\.key))
    for (score, want) in zip(lists.scores(row), expected) { #expect(abs(score - want.value) < 1e-6) }
    for at in expected.count..<lists.k {
        #expect(lists.indices[row * lists.k + at] == -1 && lists.scores[row * lists.k + at] == -.infinity)
    }
}

@Suite struct ShortlistTests {
    @Test(arguments: [1, 12, 200]) func labelScoresAreSumsOverNeighbours(k: Int) {
        let labels = SurrogateExample(documents: 120, labels: 40, features: 10).labels
        let neighbours = randomLists(rows: 150, width: 9, ids: 120, seed: 1)
        let found = CPUDevice(team: ThreadTeam(size: 3)).labelScores(neighbours: neighbours, labels: labels, k: k)
        for row in 0..<150 {
            var sums: [Int32: Float] = [:]
            for (document, similarity) in zip(neighbours.ids(row), neighbours.scores(row)) {
                for label in labels.columns(Int(document)) { sums[label, default: 0] += similarity }
            }
            let largest = sums.values.max() ?? 0
            expectRow(found, row, top(sums.mapValues { largest > 0 ? $0 / largest : $0 }, k))
        }
    }

    @Test(arguments: [1, 15, 40]) func ensembleIsTheWeightedUnion(k: Int) {
        // γ = ¼ keeps sixteenths exact, so that ties are ties in any order of adding.
        let knn = randomLists(rows: 150, width: 12, ids: 30, seed: 2)
        let centroid = randomLists(rows: 150, width: 9, ids: 30, seed: 3)
        let found = CPUDevice(team: ThreadTeam(size: 3)).blend(knn, weight: 0.25, centroid, weight: 0.75, k: k)
        for row in 0..<150 {
            var scores: [Int32: Float] = [:]
            for (label, score) in zip(knn.ids(row), knn.scores(row)) { scores[label, default: 0] += 0.25 * score }
            for (label, score) in zip(centroid.ids(row), centroid.scores(row)) { scores[label, default: 0] += 0.75 * score }
            expectRow(found, row, top(scores, k))
        }
    }

    @Test(arguments: [1, 20, 70]) func mergeKeepsTheBest(k: Int) {
        let lists = (0..<3).map { randomLists(rows: 60, width: 10 + 5 * $0, ids: 30, seed: UInt64(4 + $0)) }
        for (shard, list) in lists.enumerated() {
            for i in 0..<list.indices.count where list.indices[i] >= 0 { list.indices[i] = list.indices[i] * 3 + Int32(shard) }
        }
        let merged = CPUDevice(team: ThreadTeam(size: 2)).merge(lists, k: k)
        for row in 0..<60 {
            var all: [Int32: Float] = [:]
            for list in lists { for (id, score) in zip(list.ids(row), list.scores(row)) { all[id] = score } }
            expectRow(merged, row, top(all, k))
        }
    }

    @Test func threadsDoNotMatter() throws {
        let labels = SurrogateExample(documents: 120, labels: 40, features: 10).labels
        let results = try [1, 2, 5].map { threads in
            let team = ThreadTeam(size: threads), device = CPUDevice(team: team)
            let database = clusteredRows(120, dims: 30, groups: 6, seed: 12)
            let neighbours = try exactTopK(database, queries: database, k: 25, team: team)
            let knn = device.labelScores(neighbours: neighbours, labels: labels, k: 30)
            let centroids = unitMeans(of: database, documents: labels.transposed(), labels: 0..<40, on: device)
            let centroid = try exactTopK(centroids, queries: database, k: 25, team: team)
            return bits(device.blend(knn, weight: 0.075, centroid, weight: 0.925, k: 35))
        }
        #expect(results[0] == results[1] && results[0] == results[2])
    }

    @Test func emptyLists() {
        let none = TopK(rows: 0, k: 4)
        let blank = TopK(rows: 3, k: 4)
        let device = CPUDevice(team: ThreadTeam(size: 2))
        let labels = SurrogateExample(documents: 12, labels: 4, features: 10).labels
        #expect(device.labelScores(neighbours: none, labels: labels, k: 2).rows == 0)
        #expect(device.blend(none, weight: 0.5, none, weight: 0.5, k: 5).rows == 0)
        #expect(device.merge([], k: 3).rows == 0)
        expectRow(device.labelScores(neighbours: blank, labels: labels, k: 2), 1, [])
        expectRow(device.blend(blank, weight: 0.5, blank, weight: 0.5, k: 3), 2, [])
    }

    @Test func aLabelThatAllNeighboursHave() {
        let labels = CSRMatrix(cols: 1, rows: [[(0, 1)], [(0, 1)]], binary: true)
        let neighbours = TopK(rows: 1, k: 2, indices: Buffer([1, 0]), scores: Buffer([0.75, 0.5]))
        expectRow(cpu.labelScores(neighbours: neighbours, labels: labels, k: 400), 0, [(0, 1)])
    }
}

/// As training gathers label centroids: a label's documents are summed, and the sum made unit.
private func unitMeans(of encodings: DenseMatrix, documents: CSRMatrix, labels: Range<Int>, on device: CPUDevice) -> DenseMatrix {
    let sums = device.tensor(rows: labels.count, cols: encodings.cols)
    let pairs = labels.flatMap { label in
        documents.columns(label).map { RowPair(from: Int($0), to: label - labels.lowerBound) }
    }
    device.addRows(pairs, of: encodings.tensor, to: sums)
    device.makeUnitRows(sums)
    return sums.host
}

@Suite struct ShortlistCentroidTests {
    @Test func centroidsAreUnitMeans() {
        let data = SurrogateExample(documents: 120, labels: 40, features: 10)
        let encodings = clusteredRows(120, dims: 37, groups: 9, seed: 13)
        let centroids = unitMeans(
            of: encodings, documents: data.documents, labels: 5..<33, on: CPUDevice(team: ThreadTeam(size: 3)))
        #expect(centroids.rows == 28)
        for label in 5..<33 {
            var sum = [Double](repeating: 0, count: 37)
            for document in data.documents.columns(label) {
                for d in 0..<37 { sum[d] += Double(encodings[Int(document), d]) }
            }
            let length = sum.reduce(0) { $0 + $1 * $1 }.squareRoot()
            for d in 0..<37 { #expect(abs(Double(centroids[label - 5, d]) - sum[d] / length) < 1e-6) }
        }
    }

    @Test func aShardIsThatPartOfTheWhole() {
        let data = SurrogateExample(documents: 120, labels: 40, features: 10)
        let encodings = clusteredRows(120, dims: 37, groups: 9, seed: 14)
        let whole = unitMeans(of: encodings, documents: data.documents, labels: 0..<40, on: cpu)
        let parts = [0..<11, 11..<11, 11..<40].flatMap { range in
            unitMeans(of: encodings, documents: data.documents, labels: range, on: CPUDevice(team: ThreadTeam(size: 3)))
                .buffer.array.map(\.bitPattern)
        }
        #expect(parts == whole.buffer.array.map(\.bitPattern))
    }

    @Test func zerosStayZeros() {
        let documents = CSRMatrix(cols: 2, rows: [[], [(0, 1)], [(0, 1), (1, 1)]], binary: true)
        let encodings = DenseMatrix(rows: 2, cols: 9)
        encodings[1, 3] = 5
        let unit = encodings.tensor
        cpu.makeUnitRows(unit)
        #expect(unit.host[1, 3] == 1)
        let centroids = unitMeans(of: unit.host, documents: documents, labels: 0..<3, on: cpu)
        #expect((0..<9).allSatisfy { centroids[0, $0] == 0 && centroids[1, $0] == 0 })
        #expect(centroids[2, 3] == 1)
    }
}

@Suite struct BestOfScoresTests {
    /// Ties go to the smaller column; rows of any length, none among them.
    @Test(arguments: [1, 4, 30]) func theBestOfEachRow(k: Int) {
        var g = Generator(state: 8)
        let rows = (0..<90).map { row in
            (0..<40).filter { _ in row % 7 != 3 && g.below(3) != 0 }.map { (Int32($0), Float(g.below(12))) }
        }
        let found = CPUDevice(team: ThreadTeam(size: 3)).best(of: CSRMatrix(cols: 40, rows: rows), k: k)
        for (row, entries) in rows.enumerated() {
            expectRow(found, row, top(Dictionary(uniqueKeysWithValues: entries), k))
        }
    }
}
