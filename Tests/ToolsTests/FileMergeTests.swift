import Formats
import Foundation
import Reports
import Scoring
import Support
import TestSupport
import Testing
import Tools

/// Ensembles of score files.
@Suite struct FileMergeTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private func scores(_ name: String, cols: Int = 4, _ rows: [[(Int32, Float)]]) throws -> String {
        try NPZ.writeCSR(path: folder.file(name), matrix: CSRMatrix(cols: cols, rows: rows))
        return folder.file(name)
    }

    private func entries(_ matrix: CSRMatrix, _ row: Int) -> [Int32: Float] {
        Dictionary(uniqueKeysWithValues: zip(matrix.columns(row), matrix.weights(row)))
    }

    @Test func scoresAreSharesOfTheRowsLargestTimesTheWeight() throws {
        let a = try scores("a.npz", [[(0, 0.5), (1, 0.25)], [(2, 0.1)]])
        let b = try scores("b.npz", [[(1, 0.2), (3, 0.1)], []])
        var merge = FileMerge(inputs: [a, b])
        merge.weights = [2, 1]
        let result = try merge.run()
        #expect(entries(result.scores, 0) == [0: 2, 1: 1 + 1, 3: 0.5])
        #expect(entries(result.scores, 1) == [2: 2])
        #expect(result.weights == [2, 1] && result.notices.isEmpty)
    }

    /// The other file has more labels: those of another program's model without the last ones.
    @Test func logitsAreToldByTheirRangeAndSaid() throws {
        let a = try scores("a.npz", cols: 3, [[(0, 2), (1, -1)]]), b = try scores("b.npz", cols: 5, [[(4, 1)]])
        let result = try FileMerge(inputs: [a, b]).run()
        let sigmoid = { (x: Float) in 1 / (1 + exp(-x)) }
        let found = entries(result.scores, 0)
        #expect(result.scores.cols == 5 && found[0] == 1 && found[4] == 1)
        #expect(abs((found[1] ?? 0) - sigmoid(-1) / sigmoid(2)) < 1e-6)
        #expect(result.notices.count == 2 && result.notices[0].contains("a.npz"))
        #expect(result.notices[1].contains("a.npz 3") && result.notices[1].contains("b.npz 5"))
        var raw = FileMerge(inputs: [a, b])
        raw.normalisation = .none
        #expect(entries(try raw.run().scores, 0) == [0: 2, 1: -1, 4: 1])
    }

    @Test func aReportIsMadeAnewFromTheFiles() throws {
        let a = try scores("a.npz", [[(0, 0.5), (1, 0.25)], [(2, 0.1)]])
        let b = try scores("b.npz", [[(1, 0.2), (3, 0.1)], [(1, 1)]])
        let labels = try folder.write("labels.txt", "2 4\n0:1\n1:1\n"), merge = FileMerge(inputs: [a, b])
        let output = folder.file("both"), page = "\(output)/report.html"
        _ = try MergedFiles(folder: output, formats: "npz").write(try merge.run(), of: merge, labels, labels)
        let html = try String(contentsOfFile: page, encoding: .utf8)
        try FileManager.default.removeItem(atPath: page)
        #expect(try RunReports(folders: [output]).write() == [page])
        #expect(try String(contentsOfFile: page, encoding: .utf8) == html && html.contains("Ensemble of 2 learners"))
        let inspected = try Inspector(path: output, verify: false).inspect()
        #expect(inspected.damages.isEmpty && inspected.facts.contains { $0.name == "weight of \(a)" })
        // Of an earlier version, there is metrics.json alone.
        try FileManager.default.removeItem(atPath: "\(output)/report.json")
        _ = try RunReports(folders: [output]).write()
        let bare = try String(contentsOfFile: page, encoding: .utf8)
        #expect(bare.contains("There is no report.json") && bare.contains("weight 1"))
        let ensemble = try ReportContent(folder: output).systems.last
        #expect(ensemble?.metrics.P[0] == 50 && ensemble?.details?.segments?.count == 3)
        _ = try MergedFiles(folder: output, formats: "npz").write(try merge.run(), of: merge, nil, nil)
        let failure = try #require(throws: Failure.self) { try RunReports(folders: [output]).write() }
        #expect(failure.problem == "a merge of score files without figures" && failure.advice.contains("--labels"))
    }

    @Test func nothingOfAnotherEnsembleStays() throws {
        let a = try scores("a.npz", [[(0, 0.5)], [(2, 0.1)]]), b = try scores("b.npz", [[(1, 0.2)], [(1, 1)]])
        let labels = try folder.write("labels.txt", "2 4\n0:1\n1:1\n"), merge = FileMerge(inputs: [a, b])
        let result = try merge.run()
        let output = folder.file("both")
        func names() -> [String] { namesInFolder(output) }
        _ = try MergedFiles(folder: output, formats: "npz,h5").write(result, of: merge, labels, labels)
        #expect(names() == ["metrics.json", "report.html", "report.json", "score.h5", "score.npz"])
        let before = FileManager.default.contents(atPath: "\(output)/score.npz")
        // Labels of other documents leave all as it was.
        let others = try folder.write("others.txt", "3 4\n0:1\n1:1\n\n")
        let failure = try #require(throws: Failure.self) {
            try MergedFiles(folder: output, formats: "text").write(result, of: merge, others, nil)
        }
        #expect(failure.place == "--labels \(others)")
        #expect(FileManager.default.contents(atPath: "\(output)/score.npz") == before && names().count == 5)
        _ = try MergedFiles(folder: output, formats: "text").write(result, of: merge, nil, nil)
        #expect(names() == ["metrics.json", "score.txt"])
        // A file that is read is none of an earlier merge's.
        var own = FileMerge(inputs: [a, b])
        own.inputs[0] = "\(output)/score.txt"
        #expect(throws: Failure.self) { try MergedFiles(folder: output, formats: "npz").checkKept(own, labels: []) }
    }

    @Test func choosingWeightsTakesNoMemoryForAnId() throws {
        let a = try folder.write("a.jsonl", #"{"document":0,"labels":[{"id":2147483646,"score":0.5}]}"# + "\n")
        var merge = FileMerge(inputs: [a, a])
        merge.tuning = .init(inputs: [a, a], labels: try folder.write("y.txt", "1 2\n0:1\n"), metric: try RankingMetric("P@1"))
        let tuned = merge
        #expect(try #require(throws: Failure.self) { try tuned.run() }.problem.contains("out of proportion"))
    }

    @Test func topKKeepsTheBest() throws {
        let a = try scores("a.npz", [[(0, 0.1), (1, 0.9), (2, 0.5)]])
        var merge = FileMerge(inputs: [a, a])
        merge.topK = 2
        #expect(Set(entries(try merge.run().scores, 0).keys) == [1, 2])
    }

    /// The second learner is right, the first is not: all weight goes to the second; the test files are other ones.
    @Test func weightsAreChosenOnValidationDocuments() throws {
        let wrong = try scores("wrong.npz", [[(0, 1), (1, 0.1)], [(0, 1), (2, 0.1)], [(3, 1), (1, 0.1)]])
        let right = try scores("right.npz", [[(1, 1), (0, 0.95)], [(2, 1), (0, 0.95)], [(1, 1), (3, 0.95)]])
        let labels = try folder.write("labels.txt", "3 4\n1:1\n2:1\n1:1\n")
        let a = try scores("a.npz", [[(0, 1)]]), b = try scores("b.npz", [[(1, 1)]])
        var merge = FileMerge(inputs: [a, b])
        merge.tuning = .init(inputs: [wrong, right], labels: labels, metric: try RankingMetric("P@1"))
        let result = try merge.run()
        #expect(result.weights[1] > result.weights[0] && abs(result.weights.reduce(0, +) - 1) < 1e-9)
        #expect(result.notices.contains { $0.contains("3 validation documents: P@1 100") })
        let found = entries(result.scores, 0)
        #expect((found[1] ?? 0) > (found[0] ?? 0))
    }

    /// Never worse than where it starts, and the same twice.
    @Test func theSearchDoesNotLoseWhatItHad() throws {
        let team = ThreadTeam(size: 1)
        let lists = (0..<3).map { learner in
            made(rows: 40, cols: 12) { r, c in
                (r * 7 + c * 5 + learner * 3) % 4 == 0 ? Float((r * c + learner) % 9 + 1) / 10 : nil
            }
        }
        let truth = GroundTruth(
            labels: made(rows: 40, cols: 12, binary: true) { r, c in (r + c) % 5 == 0 ? 1 : nil },
            inversePropensity: Array(repeating: 1, count: 12))
        let search = WeightSearch(scores: lists, truth: truth, metric: try RankingMetric("nDCG@3"), team: team)
        let first = search.run(from: [1, 1, 1]), second = search.run(from: [1, 1, 1])
        #expect(first.value >= first.start && first.weights == second.weights)
        #expect(abs(first.weights.reduce(0, +) - 1) < 1e-9 && first.weights.allSatisfy { $0 >= 0 })
    }

    @Test func whatDoesNotFitIsRefused() throws {
        let a = try scores("a.npz", [[(0, 1)], [(1, 1)]]), short = try scores("short.npz", [[(0, 1)]])
        func failure(_ inputs: [String], _ change: (inout FileMerge) -> Void = { _ in }) throws -> Failure {
            var merge = FileMerge(inputs: inputs)
            change(&merge)
            let thrown = #expect(throws: Failure.self) { try merge.run() }
            return try #require(thrown)
        }
        #expect(try failure([a]).problem.contains("fewer than two"))
        #expect(try failure([a, short]).found == "1 documents")
        #expect(try failure([a, a]) { $0.weights = [1] }.expected.hasPrefix("2"))
        #expect(try failure([a, a]) { $0.weights = [0, 0] }.problem.contains("make no ensemble"))
        #expect(try failure([a, a]) { $0.weights = [1, -1] }.place == "--weights")
        // No float32.
        #expect(try failure([a, a]) { $0.weights = [1, 1e39] }.place == "--weights")
        #expect(try failure([a, folder.path]).problem == "a folder without scores")
        #expect(throws: Failure.self) { try RankingMetric("nDGC@5") }
        #expect(throws: Failure.self) { try RankingMetric("P@6") }
    }
}
