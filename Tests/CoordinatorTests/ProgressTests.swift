import Coordinator
import Formats
import Foundation
import Messages
import Support
import Synchronization
import Testing

/// What a console was told to write.
final class Transcript: Sendable {
    private let text = Mutex("")
    var written: String { text.withLock { $0 } }
    func console(isTerminal: Bool, width: Int = 100) -> Console {
        Console(isTerminal: isTerminal, width: { width }, write: { part in self.text.withLock { $0 += part } })
    }
}

@Suite struct ProgressTests {
    let noon = Date(timeIntervalSince1970: 1_764_072_000)
    let event = ProgressEvent(
        learner: 108, module: "extreme", epoch: 3, epochs: 20, loss: 12.345678, docsPerSecond: 10234.4, etaSeconds: 75)

    @Test func aLogFileGetsALineAnEvent() {
        let transcript = Transcript()
        let reporter = ProgressReporter(console: transcript.console(isTerminal: false))
        reporter.report(event, rank: 1, time: noon)
        reporter.report(
            ProgressEvent(learner: 666, module: "shortlist", message: "exact search: 4,015 labels"), rank: 2, time: noon)
        reporter.finish(learner: 108, message: "trained in 4.0 min", rank: 1, time: noon)
        #expect(
            transcript.written == """
                2025-11-25T12:00:00Z rank 1 info seed 108 extreme 3/20 loss 12.35 10,234 docs/s 75.0 s left
                2025-11-25T12:00:00Z rank 2 info seed 666 shortlist: exact search: 4,015 labels
                2025-11-25T12:00:00Z rank 1 info seed 108 trained in 4.0 min

                """)
    }

    @Test func jsonLinesHoldTheFigures() throws {
        let transcript = Transcript()
        let reporter = ProgressReporter(console: transcript.console(isTerminal: true), format: .json)
        reporter.report(event, rank: 1, time: noon)
        var odd = event
        odd.loss = .nan
        reporter.report(odd, rank: 1, time: noon)
        let lines = transcript.written.split(separator: "\n")
        #expect(lines.count == 2)
        let fields = try JSONValue.parse(Array(lines[0].utf8), name: "line 1")
        let oddFields = try JSONValue.parse(Array(lines[1].utf8), name: "line 2")
        #expect(fields["time"] == .string("2025-11-25T12:00:00Z") && fields["rank"] == .integer(1))
        #expect(fields["learner"] == .integer(108) && fields["epoch"] == .integer(3) && fields["level"] == .string("info"))
        #expect(fields["loss"] == .number(12.345678))
        #expect(oddFields["loss"] == .null)
    }

    @Test func aTerminalGetsOneLineALearner() {
        let transcript = Transcript()
        let reporter = ProgressReporter(console: transcript.console(isTerminal: true))
        reporter.report(event, rank: 1)
        reporter.report(ProgressEvent(learner: 7, module: "surrogate", message: "clustering"), rank: 2)
        let live = "━━━─────────────────"
        let one = "seed 108  extreme    \(live)  3/20  loss 12.35  10,234 docs/s  75.0 s left\n"
        let two = "seed 7    surrogate  \(String(repeating: " ", count: 20))  clustering\n"
        #expect(transcript.written == one + "\u{1B}[1F\u{1B}[J" + one + two)
        reporter.finish(learner: 108, message: "done", rank: 1)
        let alone = "seed 7  surrogate  \(String(repeating: " ", count: 20))  clustering\n"
        #expect(transcript.written.hasSuffix("\u{1B}[2F\u{1B}[J" + alone + "\u{1B}[1F\u{1B}[Jseed 108 done\n" + alone))
    }

    @Test func aNarrowTerminalNeverWraps() {
        let transcript = Transcript()
        ProgressReporter(console: transcript.console(isTerminal: true, width: 40)).report(event, rank: 1)
        let line = transcript.written.dropLast()
        #expect(line.count == 39 && line.hasSuffix("…"))
    }

    @Test func quietSaysNothingOfProgress() {
        let transcript = Transcript()
        let reporter = ProgressReporter(console: transcript.console(isTerminal: true), quiet: true)
        reporter.report(event, rank: 1)
        reporter.finish(learner: 108, message: "done", rank: 1)
        reporter.note("a plan", rank: 0)
        #expect(transcript.written.isEmpty)
        reporter.warn("odd sizes", rank: 0)
        #expect(transcript.written == "odd sizes\n")
    }

    @Test func aLogLineGoesAboveTheLiveLines() {
        let transcript = Transcript()
        let console = transcript.console(isTerminal: true)
        console.show(["live"])
        console.print("note")
        console.settle()
        console.print("end")
        #expect(transcript.written == "live\n\u{1B}[1F\u{1B}[Jnote\nlive\nend\n")
    }

    @Test func textFieldsAreSorted() {
        let line = LogLine(
            time: noon, rank: 3, level: "warning", message: "two\nlines", fields: ["b": .integer(2), "a": .string("x")])
        #expect(line.formatted(.text) == "2025-11-25T12:00:00Z rank 3 warning two\n    lines a=x b=2")
    }

    private func progress(_ done: Int) -> ProgressReport {
        ProgressReport(section: "shortlist", what: "searching", done: done, total: 400, unit: "documents", seconds: 10)
    }

    /// Every two seconds it comes; a log has room for one line in about five.
    @Test func progressDoesNotFloodALog() {
        let transcript = Transcript()
        let reporter = ProgressReporter(console: transcript.console(isTerminal: false))
        for second in stride(from: 0, through: 12, by: 2) {
            let time = noon.addingTimeInterval(Double(second))
            reporter.report(ProgressEvent(learner: 7, progress(10 * second)), rank: 1, time: time)
            reporter.report(own: progress(20 * second), time: time)
        }
        reporter.report(event, rank: 1, time: noon.addingTimeInterval(13))
        #expect(
            transcript.written == """
                2025-11-25T12:00:00Z rank 1 info seed 7 shortlist: searching: 0 of 400 documents, 10.0 s so far
                2025-11-25T12:00:00Z rank 0 info shortlist: searching: 0 of 400 documents, 10.0 s so far
                2025-11-25T12:00:06Z rank 1 info seed 7 shortlist: searching: 60 of 400 documents, 6/s, 56.7 s left
                2025-11-25T12:00:06Z rank 0 info shortlist: searching: 120 of 400 documents, 12/s, 23.3 s left
                2025-11-25T12:00:12Z rank 1 info seed 7 shortlist: searching: 120 of 400 documents, 12/s, 23.3 s left
                2025-11-25T12:00:12Z rank 0 info shortlist: searching: 240 of 400 documents, 24/s, 6.67 s left
                2025-11-25T12:00:13Z rank 1 info seed 108 extreme 3/20 loss 12.35 10,234 docs/s 75.0 s left

                """)
    }

    /// The bar stays that of the epochs; the line of this process stands below those of the learners until it is over.
    @Test func progressIsPartOfTheLiveLine() {
        let transcript = Transcript()
        let reporter = ProgressReporter(console: transcript.console(isTerminal: true, width: 200))
        reporter.report(event, rank: 1)
        var part = progress(100)
        part.section = "extreme"
        part.what = "epoch 4 of 20"
        reporter.report(ProgressEvent(learner: 108, part), rank: 1)
        let line =
            "seed 108  extreme    ━━━─────────────────  3/20  loss 12.35  epoch 4 of 20: 100 of 400 documents, 10/s, 30.0 s left\n"
        #expect(transcript.written.hasSuffix("\u{1B}[1F\u{1B}[J" + line))
        reporter.report(own: progress(40))
        #expect(transcript.written.hasSuffix(line + "shortlist: searching: 40 of 400 documents, 4/s, 90.0 s left\n"))
        reporter.report(own: nil)
        #expect(transcript.written.hasSuffix("\u{1B}[2F\u{1B}[J" + line))
        part.section = "shortlist"
        reporter.report(ProgressEvent(learner: 108, part), rank: 1)
        #expect(
            transcript.written.hasSuffix(
                "seed 108  shortlist  ━━━━━───────────────  epoch 4 of 20: 100 of 400 documents, 10/s, 30.0 s left\n"))
    }

    @Test func progressHasFieldsInJSON() throws {
        let transcript = Transcript()
        let reporter = ProgressReporter(console: transcript.console(isTerminal: false), format: .json)
        reporter.report(ProgressEvent(learner: 7, progress(100)), rank: 1, time: noon)
        let fields = try JSONValue.parse(Array(transcript.written.utf8), name: "line")
        #expect(fields["learner"] == .integer(7) && fields["module"] == .string("shortlist"))
        #expect(fields["work"] == .string("searching") && fields["unit"] == .string("documents"))
        #expect(fields["done"] == .integer(100) && fields["total"] == .integer(400))
        #expect(fields["rate"] == .integer(10) && fields["eta_seconds"] == .integer(30))
    }

    @Test func eventsTravelAsJSON() throws {
        let copy = try JSONDecoder().decode(ProgressEvent.self, from: JSONEncoder().encode(event))
        #expect(copy == event)
    }
}
