import Support
import Synchronization
import Testing

@Suite struct ProgressMeterTests {
    @Test func nothingIsSaidOfWorkUnderTwoSeconds() {
        var meter = ProgressMeter()
        meter.begin("reading", of: 100, unit: "rows", now: 10)
        meter.advance(0, by: 50)
        let at11_99 = meter.report(now: 11.99)
        #expect(at11_99 == nil)
        meter.end()
        #expect(meter.depth == 0)
        let at20 = meter.report(now: 20)
        #expect(at20 == nil)
    }

    @Test func rateAndTimeLeftFollowFromTheClock() throws {
        var meter = ProgressMeter()
        meter.begin("reading", of: 1000, unit: "rows", now: 10)
        meter.advance(0, by: 100)
        meter.advance(0, by: 100)
        let reportFound = meter.report(now: 14)
        let report = try #require(reportFound)
        #expect(report.done == 200 && report.total == 1000 && report.seconds == 4)
        #expect(report.rate == 50 && report.secondsLeft == 16)
        #expect(report.text == "reading: 200 of 1,000 rows, 50/s, 16.0 s left")
    }

    @Test func reportsAreTwoSecondsApart() {
        var meter = ProgressMeter()
        meter.begin("reading", of: 1000, unit: "rows", now: 0)
        var times: [Double] = []
        for tick in 1...40 {
            let now = Double(tick) / 4
            if meter.report(now: now) != nil { times.append(now) }
        }
        #expect(times == [2, 4, 6, 8, 10])
    }

    /// Short pieces of work one after the other: what they belong to is reported in their place.
    @Test func theInnermostLongWorkIsReported() throws {
        var meter = ProgressMeter()
        meter.begin(section: "preparing", now: 0)
        for start in [0.0, 1.5] {
            meter.begin("short", of: nil, unit: "", now: start)
            if start > 0 {
                let reportFound = meter.report(now: 2.5)
                let report = try #require(reportFound)
                #expect(report.section == "preparing" && report.what.isEmpty && report.text == "2.50 s so far")
            }
            meter.end()
        }
        meter.begin("outer", of: 9, unit: "files", now: 3)
        meter.begin("inner", of: nil, unit: "lines", now: 4)
        meter.advance(2, to: 600)
        let innerFound = meter.report(now: 7)
        let inner = try #require(innerFound)
        #expect(inner.section == "preparing" && inner.text == "inner: 600 lines, 200/s, 3.00 s so far")
        meter.end()
        let at9 = meter.report(now: 9)
        #expect(at9?.text == "outer: 0 of 9 files, 6.00 s so far")
    }

    @Test func bytesAreWrittenAsBytes() {
        let report = ProgressReport(
            section: nil, what: "reading x", done: 256 << 20, total: 1 << 30, unit: ProgressReport.bytes, seconds: 2)
        #expect(report.text == "reading x: 256 MiB of 1.00 GiB, 128 MiB/s, 6.00 s left")
    }

    @Test func doneWorkHasNoTimeLeft() {
        let report = ProgressReport(section: "a", what: "b", done: 8, total: 8, unit: "labels", seconds: 4)
        #expect(report.secondsLeft == nil && report.text == "b: 8 of 8 labels, 2/s, 4.00 s so far")
    }

    @Test func countingForNobodyIsNoError() {
        meterless()
        ProgressScope.hidden { meterless() }
    }

    private func meterless() {
        let found = ProgressScope.stage("work", of: 3, "rows") { stage in
            stage.advance()
            return 7
        }
        #expect(found == 7)
    }

    /// The thread that works says nothing for three seconds; the scope's own says how far it is, and at the end that it is over.
    @Test func aScopeReportsWhileTheThreadIsBusy() {
        let heard = Mutex<[ProgressReport?]>([])
        ProgressScope.run(section: "waiting", sink: { report in heard.withLock { $0.append(report) } }) {
            ProgressScope.stage("sleeping", of: 4, "naps") { stage in
                stage.advance(by: 3)
                _ = WaitFlag().wait(seconds: 3.2)
            }
        }
        let all = heard.withLock { $0 }
        #expect(all.count == 2 && all.last == .some(nil))
        let report = all.first ?? nil
        #expect(report?.section == "waiting" && report?.what == "sleeping" && report?.done == 3 && report?.total == 4)
        #expect(ProgressScope.current == nil)
    }
}
