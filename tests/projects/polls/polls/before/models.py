from django.db import models


class Question(models.Model):
    text = models.CharField(max_length=200)
    pub_date = models.DateTimeField()


class Choice(models.Model):
    question = models.ForeignKey(Question, models.CASCADE)
    text = models.CharField(max_length=200)
    votes = models.IntegerField(default=0)
