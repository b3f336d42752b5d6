import Config
import Foundation
import Learners
import Reports
import Support
import Testing
import Tools
import WorkerChecks

@Suite struct RunReportTests {
    let folder = NSTemporaryDirectory() + "run-report-tests-" + UUID().uuidString
    private func done() { try? FileManager.default.removeItem(atPath: folder) }

    private func content(_ job: LearnerJob) throws -> ReportContent { try ReportContent(folder: job.options.resultFolder) }

    @Test func aRunThatWasStoppedHasAllEpochs() throws {
        defer { done() }
        let job = try LearnerJob(folder: folder, data: SampleData())
        let stops = try job.runToTheEnd(workers: [1, 3], stop: .look(4)), whole = job.moved(to: folder + "/whole")
        #expect(try whole.run(workers: 2) == 0)
        let stopped = try #require(try content(job).histories.first), once = try #require(try content(whole).histories.first)
        #expect(stopped.jobs == stops + 1 && once.jobs == 1)
        #expect(stopped.modules.map(\.name) == ["surrogate", "extreme", "reranker"])
        func epochs(_ history: LearnerHistory) -> [[Int]] { history.modules.map { $0.epochs.map(\.epoch) } }
        func rates(_ history: LearnerHistory) -> [Double?] { history.modules.flatMap { $0.epochs.map(\.learningRate) } }
        #expect(epochs(stopped) == [[1, 2], [1, 2], [1, 2]] && epochs(once) == epochs(stopped))
        #expect(rates(stopped) == rates(once) && rates(once)[0] == 0.01)
        #expect(once.modules.allSatisfy { $0.resumedAfter.isEmpty } && stopped.modules.contains { !$0.resumedAfter.isEmpty })
        #expect(stopped.ranks.map(\.rank) == [1, 2, 3] && once.ranks.map(\.rank) == [1, 2])
        #expect(once.ranks[0].modules.map(\.module) == ["surrogate", "shortlist", "extreme", "reranker", "predict"])
        #expect(once.ranks.allSatisfy { rank in rank.modules.allSatisfy { $0.seconds >= $0.waited && $0.waited >= 0 } })
        #expect(once.plannedMiB?.count == 3 && once.plan?.hasPrefix("Plan: 1 learner to train") == true)
    }

    @Test func thePageIsThere() throws {
        defer { done() }
        let job = try LearnerJob(folder: folder, data: SampleData(), settings: ["global.beta=0.3"])
        #expect(try job.run(workers: 1) == 0)
        let content = try content(job), page = "\(job.options.resultFolder)/\(ReportPage.fileName)"
        #expect(try String(contentsOfFile: page, encoding: .utf8) == ReportPage(content).html)
        #expect(content.systems.map(\.name) == ["seed 108", "ensemble"] && content.documents.count == 10)
        #expect(content.systems.allSatisfy { $0.details?.segments?.count == 3 })
        #expect(content.differences.contains { $0.key == "global.embedding_dims" && $0.value == .integer(20) })
        #expect(!content.differences.contains { $0.key == "global.num_labels" })
        // What `--set` says is told from what the file says.
        let file = try Config.load(path: job.options.configPath)
        #expect(content.configFile?.hasSuffix("/config.json") == true && file.global.beta == 0.4)
        #expect(content.changes.first == ConfigChange(key: "global.beta", value: .number(0.3), file: .number(0.4)))
        let events = EventFile.read(folder: job.options.resultFolder(seed: LearnerJob.seed))
        #expect(events.first?.event == .start && events.last?.event == .end && events.last?.code == 0)
        #expect(events.contains { $0.event == .learner && $0.metrics?["P"]?.count == 5 })
        var watch = RunWatch(folder: job.options.resultFolder, pause: 0.01), seen: [TrainingEvent] = []
        let code = try watch.run { seen.append($0) }
        #expect(code == 0 && seen == events)
        // What begins anew forgets what was.
        var fresh = job
        fresh.options.fresh = true
        fresh.options.events = folder + "/events.jsonl"
        #expect(try fresh.run(workers: 2) == 0)
        let again = EventFile.read(folder: job.options.resultFolder(seed: LearnerJob.seed))
        #expect(again.count { $0.event == .start } == 1 && again.count { $0.event == .epoch } == 6)
        let lines = try String(contentsOfFile: folder + "/events.jsonl", encoding: .utf8).split(separator: "\n")
        #expect(lines.compactMap { TrainingEvent(line: $0) } == again)
    }

    @Test func pagesOfSeveralRuns() throws {
        defer { done() }
        let job = try LearnerJob(folder: folder, data: SampleData(), framework: .sparseSlice)
        #expect(try job.run(workers: 1) == 0)
        let other = job.moved(to: folder + "/other")
        #expect(try other.run(workers: 2) == 0)
        var reports = RunReports(folders: [job.options.resultFolder, other.options.resultFolder])
        #expect(try reports.json().hasPrefix("[\n{"))
        (reports.compares, reports.output) = (true, folder + "/both.html")
        #expect(try reports.write() == [folder + "/both.html"])
        let html = try String(contentsOfFile: folder + "/both.html", encoding: .utf8)
        #expect(html.contains("Comparison of 2 runs") && html.contains("other/results"))
        reports.compares = false
        #expect(throws: Failure.self) { try reports.write() }
        reports.output = nil
        #expect(try reports.write().count == 2)
        reports.folders.append(reports.folders[0])
        reports.compares = true
        #expect { try reports.write() } throws: { ($0 as? Failure)?.problem == "a run that is named twice" }
    }
}
