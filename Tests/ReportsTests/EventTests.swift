import Foundation
import Messages
import Reports
import Support
import TestSupport
import Testing

@Suite struct EventTests {
    @Test func aLineReadsBack() throws {
        for event in SampleRun.events(7) { #expect(TrainingEvent(line: event.line) == event) }
        let line = SampleRun.events(7)[1].line
        #expect(
            line == #"{"documents":20,"epoch":1,"epochs":4,"event":"epoch","learner":7,"learning_rate":0.01,"loss":0.5,"#
                + #""module":"extreme","rank":1,"seconds":1.5,"time":"2026-11-25T12:00:01.000Z"}"#)
        #expect(TrainingEvent(line: line.dropLast(9)) == nil && TrainingEvent(line: "") == nil)
    }

    @Test func aLineForAPerson() {
        let events = SampleRun.events(7)
        #expect(events[1].text == "2026-11-25T12:00:01.000Z seed 7 extreme 1/4 loss 0.5, rate 0.01, 1.50 s")
        #expect(events[4].text == "2026-11-25T12:00:00.000Z seed 7 goes on on ranks 1, 2")
    }

    /// Numbers that no run writes, and that an Int or a chart cannot hold.
    @Test func absurdNumbersEndNothing() throws {
        let numbers = ["1e308", "-1e308", "0", "9223372036854775807", "-9223372036854775808"], whole = numbers.suffix(3)
        var events: [TrainingEvent] = []
        for (number, other) in zip(numbers, numbers.reversed()) {
            for epoch in whole {
                let line =
                    #"{"event": "epoch", "time": "x", "rank": 0, "learner": 1, "module": "m", "epoch": \#(epoch), "epochs": \#(epoch), "#
                    + #""loss": \#(number), "learning_rate": \#(other), "seconds": \#(number), "docs_per_second": \#(number), "#
                    + #""validation": {"P@1": \#(other)}}"#
                events.append(try #require(TrainingEvent(line: line)))
            }
            let rank =
                #"{"event": "rank", "time": "x", "rank": \#(whole.last ?? ""), "learner": 1, "module_seconds": {"m": \#(number)}, "#
                + #""peak_mib": \#(number), "workers": [-9223372036854775808, 9223372036854775807]}"#
            events.append(try #require(TrainingEvent(line: rank)))
            events.append(try #require(TrainingEvent(line: rank.replacing("\"rank\", \"time", with: "\"resume\", \"time"))))
        }
        #expect(events.allSatisfy { $0.text.contains("seed 1") } && events.contains { $0.event == .resume })
        var content = ReportContent(title: "x", systems: [])
        content.histories = [try #require(LearnerHistory(events))]
        #expect(ReportPage(content).html.contains("m: loss"))
    }

    @Test func epochsOfTwoJobsAreOneHistory() throws {
        let history = try #require(LearnerHistory(SampleRun.events(7)))
        #expect(history.jobs == 2 && history.learner == 7 && history.plan == "Plan: 1 learner <to train>")
        #expect(history.modules.map(\.name) == ["extreme"])
        // The second job trained only a part of epoch 2 again.
        #expect(history.modules[0].epochs.map(\.loss) == [0.5, 0.25, 0.2, 0.1])
        #expect(history.modules[0].resumedAfter == [1])
        #expect(history.ranks.map(\.rank) == [1, 2] && history.ranks.map(\.plannedMiB) == [200, 190])
        #expect(history.ranks[0].modules.map(\.module) == ["extreme", "predict"])
        #expect(history.ranks[0].modules.map(\.seconds) == [5, 2] && history.ranks[0].modules.map(\.waited) == [1, 0])
        #expect(history.ranks[0].peakMiB == 103)
    }

    @Test func aGrowingFileIsReadByWholeLines() throws {
        let folder = try TemporaryFolder()
        var tail = FileTail(path: folder.file("events.jsonl"))
        func newLines() -> [String] { tail.newLines() }
        #expect(newLines() == [])
        let file = try AppendedFile(path: folder.file("events.jsonl"))
        try file.append("one")
        try file.append(Array("tw".utf8))
        #expect(newLines() == ["one"])
        try file.append("o")
        #expect(newLines() == ["two"] && newLines() == [])
        try folder.write("events.jsonl", "new\n")
        #expect(newLines() == ["new"])
    }

    @Test func aTornLineIsEnded() throws {
        let folder = try TemporaryFolder(), path = try folder.write("events.jsonl", "{\"a\":1}\n{\"b")
        try AppendedFile(path: path).append("{}")
        #expect(try folder.lines("events.jsonl") == ["{\"a\":1}", "{\"b", "{}"])
        try AppendedFile(path: path, anew: true).append("{}")
        #expect(try folder.lines("events.jsonl") == ["{}"])
    }

    @Test func learnersOfAnEnsemble() throws {
        let folder = try TemporaryFolder()
        for name in ["v_0", "v_0_22", "v_0_7", "v_0_x", "v_1_3"] { try folder.makeFolder(name) }
        let found = EventFile.learnerFolders(of: folder.file("v_0"))
        #expect(found.map { URL(fileURLWithPath: $0).lastPathComponent } == ["v_0_7", "v_0_22"])
    }
}

extension TemporaryFolder {
    func makeFolder(_ name: String) throws {
        try FileManager.default.createDirectory(atPath: file(name), withIntermediateDirectories: true)
    }
}
