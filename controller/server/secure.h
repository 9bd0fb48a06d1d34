/*
 * secure: the connections of the TLS listener: what they are encrypted with, and the limits of
 * those of which nobody knows yet who they are. Such a connection has ten seconds, there are few of
 * them at a time (the oldest goes when a new one comes), and what they send is bounded all
 * together. So whoever has no credentials can neither fill the memory nor keep others out.
 *
 * A connection belongs to the bufferevent that secure_accept has made, which evhttp owns.
 */
#ifndef KJOB_SERVER_SECURE_H
#define KJOB_SERVER_SECURE_H

#include "../../runtime/base/err.h"
#include "../../runtime/loop.h"
#include "credentials.h"

struct bufferevent;
struct evconnlistener;
struct secure;
struct secure_conn;

struct secure *secure_new(struct loop *l);
/* Connections that libevent has not freed yet go on until then, without limits. */
void secure_free(struct secure *s);
/* For connections from now on; those that are there keep what they have. */
int secure_use(struct secure *s, const struct credentials *c, struct err *e) MUST_USE;
/* The listener whose connections these are; borrowed until secure_free or NULL is set. */
void secure_set_listener(struct secure *s, struct evconnlistener *l);
/* For evhttp_set_bevcb; arg is the struct secure. */
struct bufferevent *secure_accept(struct event_base *base, void *arg);
size_t secure_count(const struct secure *s);

/* NULL: the bufferevent is none of s. */
struct secure_conn *secure_conn_of(const struct secure *s, struct bufferevent *bev);
enum secure_certificate { CERTIFICATE_NONE, CERTIFICATE_OURS, CERTIFICATE_FOREIGN };
/* What the client has proved in the handshake. */
enum secure_certificate secure_conn_certificate(const struct secure_conn *c);
/* Its user is known: the limits end. False: there are too many of those already. */
bool secure_conn_trust(struct secure_conn *c);
bool secure_conn_trusted(const struct secure_conn *c);
/* Says that the end is meant, where there is one at all: call it before freeing. */
void secure_goodbye(struct bufferevent *bev);

#endif
