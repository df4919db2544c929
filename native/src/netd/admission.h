#pragma once
/*
 * Getting along with other firewalls. An accept in our table does not overrule a drop in another one, so where some other table drops forwarded packets by
 * policy (ufw, Docker's FORWARD chain), two rules per bridge are put at the head of that chain: `iifname <bridge> accept`, `oifname <bridge> accept`.
 * What is let through there was decided by our own forward chain. The rules carry the comment "<instance>:<bridge>", by which they are found
 * again; they are written as iptables-nft writes them, so that iptables still lists and saves the table.
 */

#include "netd/config.h"
#include "netd/ruleset.h"

/* Adds what is missing for the networks of the list. */
int admission_add(const struct ruleset *ruleset, const struct network *networks, struct error *err);
/* Removes the rules of one bridge, or of all (NULL). */
int admission_remove(const struct ruleset *ruleset, const char *bridge, struct error *err);
