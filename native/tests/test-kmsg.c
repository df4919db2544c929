/* The victim of an out-of-memory kill out of kernel log records, and Docker's stream header. */
#include "monitor/kmsg.h"
#include "monitor/multiplex.h"
#include "tap.h"

#define SUMMARY(sequence, group, name, pid) \
	"6," #sequence ",5000000,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=x,mems_allowed=0,oom_memcg=" group ",task_memcg=" group \
	",task=" name ",pid=" #pid ",uid=0\n"
#define KILL(sequence, name, pid) \
	"3," #sequence ",5000001,-;Memory cgroup out of memory: Killed process " #pid " (" name \
	") total-vm:9000kB, anon-rss:1000kB, file-rss:200kB, shmem-rss:30kB, UID:0 pgtables:60kB oom_score_adj:0\n"

TEST(finds_the_victim_of_its_group) {
	struct kmsg_scan scan = {.cgroup_path = "/berth/abc"};
	kmsg_take_record(&scan, SUMMARY(1, "/berth/abcd", "other", 10));
	kmsg_take_record(&scan, KILL(2, "other", 10));
	CHECK(!scan.is_found);
	kmsg_take_record(&scan, SUMMARY(3, "/outer/berth/abc/sub", "leak", 4711));
	kmsg_take_record(&scan, KILL(4, "leak", 4711));
	CHECK(scan.is_found);
	CHECK_INT(scan.victim.pid, 4711);
	CHECK_TEXT(scan.victim.name, strlen(scan.victim.name), "leak");
	CHECK_INT(scan.victim.rss_bytes, 1230 * 1024);
}

TEST(does_not_report_a_record_twice) {
	struct kmsg_scan scan = {.cgroup_path = "/berth/abc", .last_sequence = 3};
	kmsg_take_record(&scan, SUMMARY(3, "/berth/abc", "leak", 4711));
	CHECK(!scan.is_found);
	scan.since_us = 6000000;
	kmsg_take_record(&scan, SUMMARY(4, "/berth/abc", "leak", 4711));
	CHECK(!scan.is_found);
}

TEST(survives_garbage) {
	struct kmsg_scan scan = {.cgroup_path = "/berth/abc"};
	const char *const records[] = {"", ";", "6,1", "6,x,1,-;oom-kill:", "6,1,1,-;oom-kill:task_memcg=", "6,2,1,-;Killed process ",
					   "6,3,1,-;oom-kill:task_memcg=/berth/abc,task=,pid="};
	for (size_t i = 0; i < sizeof records / sizeof records[0]; i++)
		kmsg_take_record(&scan, records[i]);
	kmsg_take_record(&scan, KILL(9, "x", 1));
	CHECK(scan.victim.rss_bytes == 0);
}

TEST(stream_header) {
	unsigned char header[MULTIPLEX_HEADER];
	multiplex_header(header, MULTIPLEX_STDERR, 0x01020304);
	CHECK(memcmp(header, "\002\0\0\0\001\002\003\004", 8) == 0);
}

int main(void) {
	RUN(finds_the_victim_of_its_group);
	RUN(does_not_report_a_record_twice);
	RUN(survives_garbage);
	RUN(stream_header);
	return tap_done();
}
