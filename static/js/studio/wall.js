// The wall of clips, newest first; live ones follow their events.

import { Card } from "./card.js";
import { follow } from "./live.js";
import { post } from "./server.js";

export class Wall {
  /**
   * on: offer, reuse(spec), begin(operation, job), settled() after a job ended, gone(why),
   * say(sentence) for screen readers.
   */
  constructor(root, on) {
    this.root = root;
    this.on = on;
    this.cards = new Map();
    this.over = false;
  }

  get isEmpty() {
    return this.cards.size === 0;
  }

  /** The job of a card, or undefined. */
  find(id) {
    return this.cards.get(id)?.job;
  }

  /** Those with a film, newest first. */
  get finished() {
    return [...this.cards.values()].map(({ job }) => job).filter(({ clip }) => clip).reverse();
  }

  /** The newest jobs as the server knows them: add those we lack, bring the others up to date. */
  showAll(jobs) {
    for (const job of [...jobs].reverse()) {
      const card = this.cards.get(job.id);
      if (!card) this.add(job);
      else if (card.job.state !== job.state) card.show(job);
      else card.showNow(); // "just now" does not stay true
    }
  }

  add(job, { arriving = false } = {}) {
    if (this.cards.has(job.id)) return;
    const { offer, reuse, begin } = this.on;
    const card = new Card(job, { offer, reuse, begin, cancel: (one) => this.cancel(one) });
    card.element.classList.toggle("arriving", arriving);
    this.cards.set(job.id, card);
    this.root.prepend(card.element);
    if (!job.ended_at) this.watch(card);
  }

  watch(card) {
    card.unfollow = follow(card.job.id, {
      job: (job) => this.update(card, job),
      look: (look) => {
        const began = card.job.state === "queued" && look.state === "running";
        card.look(look);
        if (began) this.on.say("Drawing has started.");
      },
      gone: (why) => this.close(why),
    });
  }

  update(card, job) {
    const wasLive = !card.job.ended_at;
    card.show(job);
    if (!wasLive || !job.ended_at) return;
    this.on.say(job.state === "finished" ? `Your clip is ready: ${job.spec.prompt}` : job.error?.sentence ?? "");
    this.on.settled();
  }

  async cancel(card) {
    const button = card.element.querySelector(".cancel");
    button.disabled = true;
    try {
      this.update(card, await post(`/jobs/${card.job.id}/cancel`));
    } catch (problem) {
      button.disabled = false;
      card.tell(problem.message);
    }
  }

  /** The sign-in has ended: nothing here goes on. */
  close(why) {
    if (this.over) return;
    this.over = true;
    for (const card of this.cards.values()) {
      card.unfollow?.();
      card.gone(why);
    }
    this.on.gone(why);
  }
}
