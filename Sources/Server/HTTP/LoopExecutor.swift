import NIOCore

/// Runs tasks on an event loop's thread.
///
/// A task that serves a connection then neither wakes another thread when a request has come nor when its answer leaves. What takes long
/// there holds up the loop's other connections, so it does not belong there: passwords are hashed on threads of their own.
final class LoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    init(_ loop: any EventLoop) {
        self.loop = loop
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { [self] in job.runSynchronously(on: asUnownedTaskExecutor()) }
    }
}
