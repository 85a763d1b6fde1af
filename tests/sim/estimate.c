#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "sim/estimate_scene.h"
#define MS USEC_PER_MSEC
#define S USEC_PER_SEC
#define PATH(rate, ...) { .bps = rate, .queue_us = 300*MS, .delay_us = 50*MS, __VA_ARGS__ }
#define FLOW(...) { .pictures = 3, .feedback_us = 50*MS, __VA_ARGS__ }
static const struct scene scenes[] = {
 { "steady", "x", 60, 1, {FLOW()}, 1, {{0, PATH(2000000)}},0 },
 { "cap", "x", 90, 1, {FLOW()}, 3, {{0, PATH(3000000)},{30, PATH(500000)},{60,PATH(3000000)}},0 },
 { "loss5", "x", 60, 1, {FLOW()}, 1, {{0, PATH(3000000,.lost=50)}},0 },
 { "loss10", "x", 60, 1, {FLOW()}, 1, {{0, PATH(3000000,.lost=100)}},0 },
 { "loss20", "x", 60, 1, {FLOW()}, 1, {{0, PATH(3000000,.lost=200)}},0 },
 { "burst", "x", 60, 1, {FLOW()}, 1, {{0, PATH(3000000,.burst_begins=2,.burst_ends=100)}},0 },
 { "jitter", "x", 60, 1, {FLOW()}, 1, {{0, PATH(3000000,.jitter_us=30*MS)}},0 },
 { "far", "x", 90, 1, {{.pictures=3,.feedback_us=300*MS}}, 3, {{0, {.bps=3000000,.queue_us=300*MS,.delay_us=300*MS}},{30,{.bps=500000,.queue_us=300*MS,.delay_us=300*MS}},{60,{.bps=3000000,.queue_us=300*MS,.delay_us=300*MS}}},0 },
 { "shallow", "x", 60, 1, {FLOW()}, 2, {{0, PATH(3000000,.queue_us=10*MS)},{30, PATH(800000,.queue_us=10*MS)}},0 },
 { "muted", "x", 60, 1, {FLOW(.muted_us=20*S,.unmuted_us=45*S)}, 1, {{0, PATH(3000000)}},0 },
 { "deaf", "x", 60, 1, {FLOW(.deaf_us=20*S,.hearing_us=25*S)}, 1, {{0, PATH(3000000)}},0 },
 { "lostfb", "x", 60, 1, {FLOW(.feedback_lost=200)}, 1, {{0, PATH(2000000)}},0 },
 { "two", "x", 120, 2, {FLOW(),FLOW(.starts_us=20*S)}, 1, {{0, PATH(3000000)}},0 },
 { "four", "x", 150, 4, {FLOW(),FLOW(.starts_us=10*S),FLOW(.starts_us=20*S),FLOW(.starts_us=30*S)}, 1, {{0, PATH(4000000)}},0 },
 { "rival", "x", 90, 1, {FLOW()}, 1, {{0, PATH(3000000)}}, 30 },
 { "narrow", "x", 60, 1, {FLOW()}, 1, {{0, PATH(200000)}},0 },
};
static struct record r;
int main(int argc,char**argv){
 for (size_t i=0;i<sizeof scenes/sizeof*scenes;i++){
  if(argc>1&&strcmp(argv[1],"all")&&strcmp(argv[1],scenes[i].name)) continue;
  scene_run(&scenes[i], argc>2?(uint64_t)atoi(argv[2]):1, &r);
  unsigned step = argc>1&&strcmp(argv[1],"all") ? 5 : 50;
  printf("== %s\n",scenes[i].name);
  for(unsigned k=0;k<r.count;k+=step){ struct sample*s=&r.samples[k]; printf("%5.1f cap %5.0f q %4.0f riv %5.0f",(k+1)/10.,s->capacity_bps/1e3,s->queue_ms,s->rival_bps/1e3);
   for(unsigned f=0;f<scenes[i].flow_count;f++) printf(" | est %5.0f sent %5.0f rec %5.0f  %u%u%u",s->flows[f].estimate_bps/1e3,s->flows[f].sent_bps/1e3,s->flows[f].received_bps/1e3,s->flows[f].options[0],s->flows[f].options[1],s->flows[f].options[2]); puts("");}
  for(unsigned f=0;f<scenes[i].flow_count;f++) printf("   flow %u mean est %.0f rec %.0f (last 30 s) switches %u audio lost %lu/%lu late %lu padding %.1f%%\n",f,record_estimate(&r,f,scenes[i].seconds-30,scenes[i].seconds)/1e3,record_received(&r,f,scenes[i].seconds-30,scenes[i].seconds)/1e3,r.counts[f].switches,r.counts[f].audio_sent-r.counts[f].audio_arrived,r.counts[f].audio_sent,r.counts[f].audio_late,100.*r.counts[f].padding/r.counts[f].sent);
 }
}
