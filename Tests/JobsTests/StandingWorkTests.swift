import CRM
import Jobs
import Testing

@Suite("Standing work") struct StandingWorkTests {
    @Test("Every standing schedule can be read and has a handler") func standing() {
        let known = Set(StandingWork.kinds.map(\.name))

        for schedule in StandingWork.schedules { #expect(known.contains(schedule.kindName)) }
        #expect(!StandingWork.schedules.isEmpty)
    }
}
