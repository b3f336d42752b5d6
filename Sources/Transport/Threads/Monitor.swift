import Glibc

/// One mutex with several conditions, so that a thread is woken only by what concerns it.
final class Monitor: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let conditions: UnsafeMutablePointer<pthread_cond_t>
    private let count: Int

    init(conditions count: Int) {
        self.count = count
        conditions = .allocate(capacity: count)
        pthread_mutex_init(mutex, nil)
        for i in 0..<count { pthread_cond_init(conditions + i, nil) }
    }

    deinit {
        for i in 0..<count { pthread_cond_destroy(conditions + i) }
        pthread_mutex_destroy(mutex)
        conditions.deallocate()
        mutex.deallocate()
    }

    func lock() { pthread_mutex_lock(mutex) }
    func unlock() { pthread_mutex_unlock(mutex) }

    func locked<Result>(_ body: () throws -> Result) rethrows -> Result {
        lock()
        defer { unlock() }
        return try body()
    }

    /// Sleeps until condition `index` is signalled (or for no reason); called, and returns, with the lock held.
    func wait(_ index: Int) { pthread_cond_wait(conditions + index, mutex) }
    /// Wakes the thread that waits for condition `index`.
    func signal(_ index: Int) { pthread_cond_signal(conditions + index) }
    func signalAll() { for i in 0..<count { pthread_cond_broadcast(conditions + i) } }
}
