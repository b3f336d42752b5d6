import Formats
import GeneratedData
import Support
import TestSupport
import Testing

@Suite struct TextSetTests {
    static let shape = SetShape(
        documents: 900, features: 400, labels: 600, labelsPerDocument: 3, testDocuments: 300, tokensPerDocument: 6)

    private func labels(_ set: TextSet, _ part: TextSet.Part) -> [[Int32]] {
        (0..<set.documents(part)).map { set.document(part, $0).labels }
    }

    /// Also where the labels only just find room: 600 labels in 900 places.
    @Test(arguments: [3, 1, 40.0]) func eachLabelHasATrainingDocument(labelsPerDocument: Double) throws {
        var shape = Self.shape
        shape.labelsPerDocument = labelsPerDocument
        let set = try TextSet(shape, seed: 3), rows = labels(set, .training)
        #expect(Set(rows.joined()).count == shape.labels)
        #expect(rows.allSatisfy { $0 == Set($0).sorted() && !$0.isEmpty })
        let mean = Double(rows.joined().count) / Double(rows.count)
        #expect(mean > 0.9 * labelsPerDocument && mean < 1.15 * labelsPerDocument)
    }

    /// More labels than places: documents keep their size.
    @Test func labelsThatFindNoRoomAreLeftOut() throws {
        var shape = Self.shape
        shape.labels = 5000
        let rows = labels(try TextSet(shape, seed: 3), .training)
        #expect(Double(rows.joined().count) < 1.1 * 3 * 900)
        #expect(rows.allSatisfy { !$0.isEmpty })
    }

    @Test func frequentLabelsAndRareOnes() throws {
        let rows = labels(try TextSet(Self.shape, seed: 1), .training)
        let frequencies = Dictionary(rows.joined().map { ($0, 1) }, uniquingKeysWith: +).values.sorted(by: >)
        let half = frequencies.prefix(60).reduce(0, +)
        #expect(Double(half) > 0.25 * Double(frequencies.reduce(0, +)), "a tenth of the labels has over a quarter of the places")
        #expect(frequencies.filter { $0 <= 3 }.count > 200)
    }

    /// The labels of the training document with the most similar tokens are a better guess than those of any document.
    @Test func labelsCanBeLearned() throws {
        let set = try TextSet(Self.shape, seed: 1)
        let known = (0..<900).map { set.document(.training, $0) }
        var byColumn: [Int32: [(row: Int, value: Float)]] = [:]
        for (row, document) in known.enumerated() {
            for (column, value) in document.features { byColumn[column, default: []].append((row, value)) }
        }
        var right = 0, byChance = 0
        for i in 0..<300 {
            let document = set.document(.test, i)
            var similarity = [Float](repeating: 0, count: 900)
            for (column, value) in document.features {
                for (row, other) in byColumn[column] ?? [] { similarity[row] += value * other }
            }
            let nearest = similarity.indices.max { similarity[$0] < similarity[$1] } ?? 0
            right += known[nearest].labels.contains { document.labels.contains($0) } ? 1 : 0
            byChance += known[i].labels.contains { document.labels.contains($0) } ? 1 : 0
        }
        #expect(right > 100 && byChance < 30, "\(right) right, \(byChance) by chance")
    }

    @Test func sameSeedSameBytesAndReadable() throws {
        let folder = try TemporaryFolder(), names = ["trn_X_Xf.txt", "trn_X_Y.txt", "tst_X_Xf.txt", "tst_X_Y.txt"]
        for (name, seed) in [("a", 1), ("b", 1), ("c", 2)] as [(String, UInt64)] {
            try TextSet(Self.shape, seed: seed).write(to: folder.file(name))
        }
        for name in names {
            let texts = try ["a", "b", "c"].map { try TemporaryFolder.lines(folder.file("\($0)/\(name)")) }
            #expect(texts[0] == texts[1])
            #expect(texts[0] != texts[2])
        }
        let features = try MatrixFile.read(path: folder.file("a/tst_X_Xf.txt"), kind: .features, threads: 1)
        let labels = try MatrixFile.read(path: folder.file("a/tst_X_Y.txt"), kind: .labels, threads: 1)
        #expect((features.rows, features.cols, labels.rows, labels.cols) == (300, 400, 300, 600))
        let set = try TextSet(Self.shape, seed: 1)
        for row in 0..<300 {
            let document = set.document(.test, row)
            #expect(Array(labels.columns(row)) == document.labels)
            #expect(Array(features.columns(row)) == document.features.map(\.column))
            #expect(zip(features.weights(row), document.features).allSatisfy { abs($0 - $1.value) < 6e-5 && $0 > 0 })
        }
    }

    @Test func refusesWhatNoSetHas() throws {
        func place(_ change: (inout SetShape) -> Void) -> String? {
            var shape = Self.shape
            change(&shape)
            do { _ = try TextSet(shape, seed: 1) } catch { return (error as? Failure)?.place }
            return nil
        }
        #expect(place { $0.documents = 0 } == "--documents")
        #expect(place { $0.labels = 1 << 31 } == "--labels")
        #expect(place { $0.labelsPerDocument = 601 } == "--labels-per-document")
        #expect(place { $0.tokensPerDocument = 0 } == "--tokens-per-document")
    }
}
