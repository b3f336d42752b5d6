import Checkpoint
import Foundation
import Messages
import Reports
import Support
import Testing
import Tools

@Suite struct WatchTests {
    let folder = NSTemporaryDirectory() + "watch-tests-" + UUID().uuidString
    private func done() { try? FileManager.default.removeItem(atPath: folder) }

    private func write(_ events: [TrainingEvent]) throws {
        for event in events {
            let path = "\(folder)/v_0_\(event.learner)"
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            try AppendedFile(path: "\(path)/\(EventFile.name)").append(event.line)
        }
    }

    private func event(_ kind: TrainingEvent.Kind, _ learner: Int, at seconds: Double, code: Int? = nil) -> TrainingEvent {
        var event = TrainingEvent(kind, learner: learner, time: Date(timeIntervalSince1970: 1_795_608_000 + seconds))
        event.code = code
        return event
    }

    private func watched(_ name: String = "v_0") throws -> (code: Int32, events: [TrainingEvent]) {
        var watch = RunWatch(folder: "\(folder)/\(name)", pause: 0.01), events: [TrainingEvent] = []
        let code = try watch.run { events.append($0) }
        return (code, events)
    }

    @Test func eventsOfAllLearnersInTheirOrder() throws {
        defer { done() }
        try write([
            event(.start, 1, at: 0), event(.end, 1, at: 3, code: 0), event(.start, 2, at: 1), event(.end, 2, at: 2, code: 0),
        ])
        let (code, events) = try watched()
        #expect(code == 0 && events.map(\.learner) == [1, 2, 2, 1])
        #expect(try watched("v_0_2/").events.map(\.event) == [.start, .end])
    }

    @Test func theExitCodeIsTheJobs() throws {
        defer { done() }
        try write([
            event(.start, 1, at: 0), event(.end, 1, at: 3, code: 4), event(.start, 2, at: 1), event(.end, 2, at: 2, code: 0),
        ])
        #expect(try watched().code == 4)
        try write([event(.resume, 1, at: 5)])
        #expect(try watched().code == 75, "the second job is gone without a word")
        try write([event(.end, 1, at: 6, code: 0)])
        #expect(try watched().code == 0)
    }

    @Test func aLearnerOfAnEarlierJobHasNoSay() throws {
        defer { done() }
        try write([
            event(.start, 2, at: 0), event(.end, 2, at: 1, code: 75), event(.start, 1, at: 2), event(.end, 1, at: 3, code: 0),
        ])
        #expect(try watched().code == 0)
        #expect(try watched("v_0_2").code == 75)
    }

    @Test func itEndsWithTheJob() throws {
        defer { done() }
        try write([event(.start, 1, at: 0)])
        let lock = try RunLock(folder: "\(folder)/v_0_1")
        let late = event(.end, 1, at: 1, code: 75), path = "\(folder)/v_0_1/\(EventFile.name)"
        let job = Thread {
            usleep(200_000)
            try? AppendedFile(path: path).append(late.line)
            lock.release()
        }
        job.start()
        let (code, events) = try watched()
        #expect(code == 75 && events.map(\.event) == [.start, .end])
    }

    @Test func nothingToWatchIsSaid() throws {
        defer { done() }
        #expect { _ = try watched() } throws: { ($0 as? Failure)?.found == "no such folder" }
        try FileManager.default.createDirectory(atPath: "\(folder)/v_0", withIntermediateDirectories: true)
        #expect { _ = try watched() } throws: { ($0 as? Failure)?.found == "no events, and no job" }
    }
}
