import Config
import Coordinator
import Datasets
import Devices
import Scoring
import Support
import Testing

/// Against sums that are made document by document, without an index.
@Suite struct NearestDocumentsTests {
    /// Documents of 4 of 30 tokens and 1 to 3 of 12 labels; the last two test documents share no token with any other, or have none.
    private static func made(_ type: FeatureType = .sparse) -> XCDataset {
        var state: UInt64 = 7
        func draw(_ below: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % below
        }
        func features(_ count: Int) -> [[(Int32, Float)]] {
            (0..<count).map { _ in
                Set((0..<4).map { _ in draw(30) }).sorted().map { (Int32($0), Float(1 + draw(100)) / 16) }
            }
        }
        func labels(_ count: Int) -> [[(Int32, Float)]] {
            (0..<count).map { _ in Set((0..<1 + draw(3)).map { _ in draw(12) }).sorted().map { (Int32($0), 1) } }
        }
        let truth = CSRMatrix(cols: 14, rows: labels(25).map { $0.map { ($0.0 + 1, $0.1) } }, binary: true)
        let y = CSRMatrix(cols: 12, rows: labels(60), binary: true)
        return XCDataset(
            featureType: type, trainFeatures: CSRMatrix(cols: 31, rows: features(60)), trainLabels: y,
            trainDocuments: y.transposed(),
            testFeatures: CSRMatrix(cols: 31, rows: features(23) + [[(30, 1)], []]), testLabels: truth,
            // Labels 0 and 13 of the file have no training document.
            labelIds: Buffer((1...12).map(Int32.init)), labelCounts: Buffer<Int32>(count: 14), trainRowsInFile: 60,
            testFilter: CSRMatrix(cols: 14, rows: [[(Int32, Float)]](repeating: [], count: 25), binary: true), fingerprint: "")
    }

    /// A row's features by column.
    private func row(_ matrix: CSRMatrix, _ row: Int) -> [Int32: Double] {
        Dictionary(uniqueKeysWithValues: zip(matrix.columns(row), matrix.weights(row)).map { ($0, Double($1)) })
    }

    /// Original labels and their scores, best first.
    private func expected(_ data: XCDataset, _ document: Int) -> [(label: Int32, score: Double)] {
        let query = row(data.testFeatures, document)
        let cosines = (0..<data.trainFeatures.rows).map { other -> Double in
            let features = row(data.trainFeatures, other), norm = features.values.reduce(0) { $0 + $1 * $1 }.squareRoot()
            return features.reduce(0) { $0 + $1.value * (query[$1.key] ?? 0) } / norm
        }
        let nearest = cosines.indices.filter { cosines[$0] > 0 }.sorted { (cosines[$1], $0) < (cosines[$0], $1) }.prefix(10)
        var sums: [Int32: Double] = [:]
        for other in nearest {
            for label in data.trainLabels.columns(other) { sums[data.labelIds[Int(label)], default: 0] += cosines[other] }
        }
        let best = sums.values.max() ?? 1
        return sums.map { ($0.key, $0.value / best) }.sorted { ($1.1, $0.0) < ($0.1, $1.0) }
    }

    @Test func labelsOfTheNearestDocuments() {
        let data = Self.made(), team = ThreadTeam(size: 2)
        defer { team.stop() }
        let features = data.trainFeatures.values!.array
        let scores = NearestDocuments(data: data, device: CPUDevice(team: team)).scores(team)
        #expect(scores.rows == 25 && scores.cols == 14 && data.trainFeatures.values!.array == features)
        for document in 0..<25 {
            let wanted = expected(data, document), found = Scoring.ranking(scores, row: document, k: 5)
            #expect(found.count == min(5, wanted.count) && found.map(\.label) == wanted.prefix(5).map(\.label))
            for (a, b) in zip(found, wanted) { #expect(abs(Double(a.score) - b.score) < 1e-5) }
        }
        #expect(scores.range(23).isEmpty && scores.range(24).isEmpty)
        #expect((0..<23).allSatisfy { !scores.range($0).isEmpty })
    }

    @Test func onlySparseFeatures() {
        #expect(FeatureType.allCases.filter { NearestDocuments.canSearch(Self.made($0)) } == [.sparse])
    }

    @Test func aLineBelowTheTable() {
        #expect(
            ClosingReport.baseline(table(70), documents: 10, by: "tf-idf")
                == "10 nearest training documents by tf-idf: P@1 70.00, P@3 67.53, P@5 65.06")
        #expect(
            ClosingReport.baseline(table(70), documents: 1, by: "features").hasPrefix("1 nearest training document by features"))
    }
}
