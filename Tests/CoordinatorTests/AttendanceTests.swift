import Coordinator
import Testing

@Suite struct AttendanceTests {
    @Test func aRunEndsWhenEveryGroupIsDismissed() {
        var attendance = Attendance(groups: [[1, 2], [3]])
        attendance.await(0)
        attendance.await(1)
        #expect(attendance.leadersAtWork == [1, 3] && attendance.resting == [])
        for worker in [2, 3] { attendance.finish(worker) }
        #expect(attendance.leadersAtWork == [1] && !attendance.isOver)
        attendance.dismiss(1)
        #expect(attendance.resting == [3])
        attendance.finish(1)
        attendance.dismiss(0)
        #expect(attendance.isOver && attendance.resting == [1, 2, 3])
    }

    /// MPI keeps the order of one rank's messages, not that of two ranks'.
    @Test func aWorkerIsHeardBeforeItsLeader() {
        var attendance = Attendance(groups: [[1, 2], [3]])
        attendance.await(1)
        // Both have done their share when the stop comes; the leader asks for a seed, is told to stop and tells the other, who is heard first.
        attendance.interrupt(2)
        attendance.await(0)
        attendance.interrupt(1)
        #expect(!attendance.isOver && attendance.leadersAtWork == [3])
        attendance.interrupt(3)
        #expect(attendance.isOver)
    }

    @Test func aGroupIsWaitedForUntilAllOfItHaveLeft() {
        var attendance = Attendance(groups: [[1, 2]])
        attendance.await(0)
        attendance.interrupt(1)
        #expect(!attendance.isOver)
        attendance.interrupt(2)
        #expect(attendance.isOver)
    }
}
